-- Months that have left the log. What they counted is in opening_balance: under the number of the import it came with,
-- or 0 for what the service counted itself. An event that comes later still makes its month again, until that goes too.
CREATE TABLE dropped_month (
    month      date PRIMARY KEY,
    plays      bigint      NOT NULL,
    shares     bigint      NOT NULL,
    dropped_at timestamptz NOT NULL
);
