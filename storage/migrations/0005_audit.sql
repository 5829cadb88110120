-- What operators did to the numbers and the keys, and why. Nothing about a listener.
CREATE TABLE audit (
    at     timestamptz NOT NULL DEFAULT now(),
    act    text        NOT NULL,
    detail jsonb       NOT NULL
);
