-- Figures that come from elsewhere. Plays of other counters have no buckets: they count as plays, and stay out of the
-- completion rate, of which nothing is known for them.
ALTER TABLE play_counter ADD COLUMN unbucketed bigint NOT NULL DEFAULT 0;
ALTER TABLE day_counter ADD COLUMN unbucketed bigint NOT NULL DEFAULT 0;

-- One row per import that is in force. `content` is what keeps the same file from counting twice.
CREATE TABLE import (
    number    integer PRIMARY KEY,
    name      text NOT NULL UNIQUE,
    content   bytea NOT NULL UNIQUE CHECK (octet_length(content) = 32),
    format    text NOT NULL,
    made_at   timestamptz NOT NULL,
    first_day date,
    last_day  date,
    plays     bigint NOT NULL,
    shares    bigint NOT NULL,
    listeners bigint NOT NULL
);

-- Which import a row of the log came with, so that it can be taken back; null for what the service counted itself.
ALTER TABLE play_event ADD COLUMN import_number integer;
ALTER TABLE share_event ADD COLUMN import_number integer;

-- Imported figures that no event of the log stands behind. Without a day they are in the all-time counters only.
CREATE TABLE opening_balance (
    import_number integer NOT NULL,
    target_key    text NOT NULL,
    target_kind   text NOT NULL CHECK (target_kind IN ('track', 'release', 'site')),
    day           date,
    partial       bigint NOT NULL DEFAULT 0 CHECK (partial >= 0),
    sampled       bigint NOT NULL DEFAULT 0 CHECK (sampled >= 0),
    complete      bigint NOT NULL DEFAULT 0 CHECK (complete >= 0),
    unbucketed    bigint NOT NULL DEFAULT 0 CHECK (unbucketed >= 0),
    shares_link   bigint NOT NULL DEFAULT 0 CHECK (shares_link >= 0),
    shares_embed  bigint NOT NULL DEFAULT 0 CHECK (shares_embed >= 0),
    via_link      bigint NOT NULL DEFAULT 0 CHECK (via_link >= 0),
    via_embed     bigint NOT NULL DEFAULT 0 CHECK (via_embed >= 0)
);
CREATE INDEX opening_balance_by_day ON opening_balance (day, target_key, target_kind);

-- What the day counters must say: the log, and what was brought along.
CREATE OR REPLACE VIEW logged_day AS
WITH event AS (
    SELECT track_key AS target_key, 'track' AS target_kind, day, bucket, via, NULL AS channel FROM play_event
    UNION ALL
    SELECT release_key, 'release', day, bucket, via, NULL FROM play_event WHERE release_key IS NOT NULL
    UNION ALL
    SELECT '', 'site', day, bucket, via, NULL FROM play_event
    UNION ALL
    SELECT target_key, target_kind, day, NULL, NULL, channel FROM share_event
    UNION ALL
    SELECT '', 'site', day, NULL, NULL, channel FROM share_event
), figure AS (
    SELECT target_key, target_kind, day,
           count(*) FILTER (WHERE bucket = 'partial') AS partial,
           count(*) FILTER (WHERE bucket = 'sampled') AS sampled,
           count(*) FILTER (WHERE bucket = 'complete') AS complete,
           count(*) FILTER (WHERE channel = 'link') AS shares_link,
           count(*) FILTER (WHERE channel = 'embed') AS shares_embed,
           count(*) FILTER (WHERE via = 'link') AS via_link,
           count(*) FILTER (WHERE via = 'embed') AS via_embed,
           0::bigint AS unbucketed
    FROM event GROUP BY target_key, target_kind, day
    UNION ALL
    SELECT target_key, target_kind, day, partial, sampled, complete, shares_link, shares_embed, via_link, via_embed,
           unbucketed
    FROM opening_balance WHERE day IS NOT NULL
)
SELECT target_key, target_kind, day, sum(partial)::bigint AS partial, sum(sampled)::bigint AS sampled,
       sum(complete)::bigint AS complete, sum(shares_link)::bigint AS shares_link,
       sum(shares_embed)::bigint AS shares_embed, sum(via_link)::bigint AS via_link,
       sum(via_embed)::bigint AS via_embed, sum(unbucketed)::bigint AS unbucketed
FROM figure GROUP BY target_key, target_kind, day;
