-- Option B: a token per listener, target and day. `generation` numbers the salts a day has had, nearly always one:
-- after a forced rotation, or when a crash emptied the two tables below, the day starts again and is partial.
CREATE TABLE token_day (
    day        date    PRIMARY KEY,
    generation integer NOT NULL,
    partial    boolean NOT NULL,
    closed     boolean NOT NULL DEFAULT false
);

-- UNLOGGED, so that a salt never enters the write-ahead log, a replica or a base backup; never analysed, since
-- ANALYZE would copy it into pg_statistic, which is logged. TRUNCATE replaces the file and unlinks the old one.
CREATE UNLOGGED TABLE daily_salt (
    day        date        NOT NULL,
    generation integer     NOT NULL,
    sealed     bytea       NOT NULL,
    made_at    timestamptz NOT NULL
) WITH (autovacuum_enabled = false);
ALTER TABLE daily_salt
    ALTER COLUMN day SET STATISTICS 0, ALTER COLUMN generation SET STATISTICS 0,
    ALTER COLUMN sealed SET STATISTICS 0, ALTER COLUMN made_at SET STATISTICS 0;

-- The open days' tokens. A partition is a day, UNLOGGED like the salt; it is dropped when the day is closed.
CREATE TABLE listener_day (
    target_key  text  NOT NULL,
    target_kind text  NOT NULL CHECK (target_kind IN ('track', 'release', 'site')),
    day         date  NOT NULL,
    token       bytea NOT NULL CHECK (octet_length(token) = 16),
    PRIMARY KEY (target_key, target_kind, day, token)
) PARTITION BY LIST (day);
ALTER TABLE listener_day
    ALTER COLUMN target_key SET STATISTICS 0, ALTER COLUMN target_kind SET STATISTICS 0,
    ALTER COLUMN day SET STATISTICS 0, ALTER COLUMN token SET STATISTICS 0;

-- How many tokens a target had on a day; all that stays of them. A day's figure is that of its last generation.
CREATE TABLE listener_count (
    target_key  text     NOT NULL,
    target_kind text     NOT NULL CHECK (target_kind IN ('track', 'release', 'site')),
    day         date     NOT NULL,
    generation  integer  NOT NULL,
    slot        smallint NOT NULL,
    listeners   bigint   NOT NULL,
    PRIMARY KEY (target_key, target_kind, day, generation, slot)
) WITH (fillfactor = 70);

-- Everything this spool accepted on earlier days is counted; null: not known. A day is closed once all are past it.
ALTER TABLE spool_cursor ADD COLUMN day date;
