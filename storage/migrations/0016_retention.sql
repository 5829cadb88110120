-- Months that have left the log. What they counted is in opening_balance: under the number of the import it came with,
-- or 0 for what the service counted itself. An event that comes later still makes its month again, until that goes too.
CREATE TABLE dropped_month (
    month      date PRIMARY KEY,
    plays      bigint      NOT NULL,
    shares     bigint      NOT NULL,
    dropped_at timestamptz NOT NULL
);

-- What is deleted is cleared soon: ids of events and tombstones of who asked to be forgotten, because they are to be gone;
-- days whose figures are dropped, so that their room is used again before a fifth of the table is empty. Updates need no
-- such help: the counters' rows are updated in place, in the room that fillfactor leaves.
ALTER TABLE event_id SET (autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE forgotten SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 0);
ALTER TABLE day_counter SET (autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE listener_count SET (autovacuum_vacuum_scale_factor = 0.02);
