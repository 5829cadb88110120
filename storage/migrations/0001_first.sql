-- Every counting table carries its target's key as plain text in every unique key, so that a distributed
-- PostgreSQL can shard by it. No triggers, no serial columns, no now() in an upsert. The site's own key is ''.

CREATE TABLE release (
    release_key text PRIMARY KEY CHECK (octet_length(release_key) BETWEEN 1 AND 200),
    title       text NOT NULL,
    medium      text
);

CREATE TABLE track (
    track_key   text PRIMARY KEY CHECK (octet_length(track_key) BETWEEN 1 AND 200),
    title       text NOT NULL,
    release_key text REFERENCES release,
    position    integer
);
CREATE INDEX track_release ON track (release_key, position);

-- Moves with every change of the catalog; the resolver compares it before it trusts what it remembers.
CREATE TABLE catalog_version (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    version bigint NOT NULL
);
INSERT INTO catalog_version (version) VALUES (0);

-- The log. created_at is cut to the hour and rows of one batch arrive shuffled, so that neither says which
-- rows are one listener's. pseudonym is option A's for the track, or null.
CREATE TABLE play_event (
    created_at   timestamptz NOT NULL,
    day          date        NOT NULL,
    rule_version smallint    NOT NULL,
    track_key    text        NOT NULL,
    release_key  text,
    bucket       text        NOT NULL CHECK (bucket IN ('partial', 'sampled', 'complete')),
    via          text        CHECK (via IN ('link', 'embed')),
    pseudonym    bytea       CHECK (octet_length(pseudonym) = 16)
) PARTITION BY RANGE (day);

-- No listener here at all: shares never enter listener sets, so nothing would be gained by keeping one.
CREATE TABLE share_event (
    created_at  timestamptz NOT NULL,
    day         date        NOT NULL,
    target_kind text        NOT NULL CHECK (target_kind IN ('track', 'release')),
    target_key  text        NOT NULL,
    channel     text        NOT NULL CHECK (channel IN ('link', 'embed'))
) PARTITION BY RANGE (day);

-- slot: one of several rows for the same figure, so that writers do not wait for each other; a figure is the sum.
CREATE TABLE play_counter (
    target_key   text     NOT NULL,
    target_kind  text     NOT NULL CHECK (target_kind IN ('track', 'release', 'site')),
    slot         smallint NOT NULL,
    partial      bigint   NOT NULL DEFAULT 0,
    sampled      bigint   NOT NULL DEFAULT 0,
    complete     bigint   NOT NULL DEFAULT 0,
    shares_link  bigint   NOT NULL DEFAULT 0,
    shares_embed bigint   NOT NULL DEFAULT 0,
    via_link     bigint   NOT NULL DEFAULT 0,
    via_embed    bigint   NOT NULL DEFAULT 0,
    listeners    bigint   NOT NULL DEFAULT 0,
    PRIMARY KEY (target_key, target_kind, slot)
) WITH (fillfactor = 70); -- room for updates within the page, which then touch no index

CREATE TABLE day_counter (
    target_key   text     NOT NULL,
    target_kind  text     NOT NULL CHECK (target_kind IN ('track', 'release', 'site')),
    day          date     NOT NULL,
    slot         smallint NOT NULL,
    partial      bigint   NOT NULL DEFAULT 0,
    sampled      bigint   NOT NULL DEFAULT 0,
    complete     bigint   NOT NULL DEFAULT 0,
    shares_link  bigint   NOT NULL DEFAULT 0,
    shares_embed bigint   NOT NULL DEFAULT 0,
    via_link     bigint   NOT NULL DEFAULT 0,
    via_embed    bigint   NOT NULL DEFAULT 0,
    PRIMARY KEY (target_key, target_kind, day, slot)
) WITH (fillfactor = 70);

-- Option A's distinct sets: a pseudonym per target, unrelated between targets.
CREATE TABLE listener (
    target_key  text  NOT NULL,
    target_kind text  NOT NULL CHECK (target_kind IN ('track', 'release', 'site')),
    pseudonym   bytea NOT NULL CHECK (octet_length(pseudonym) = 16),
    PRIMARY KEY (target_key, target_kind, pseudonym)
);

-- How far each spool has been counted; moved first in the transaction that counts.
CREATE TABLE spool_cursor (
    spool_id text PRIMARY KEY,
    seq      bigint   NOT NULL,
    slot     smallint NOT NULL
);

-- Keys sealed under the installation's secret, which is not in the database.
CREATE TABLE sealed_key (
    purpose text PRIMARY KEY,
    sealed  bytea NOT NULL
);

-- What day_counter must say, computed from the log: `tonearm check` compares the two.
CREATE VIEW logged_day AS
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
)
SELECT target_key, target_kind, day,
       count(*) FILTER (WHERE bucket = 'partial')  AS partial,
       count(*) FILTER (WHERE bucket = 'sampled')  AS sampled,
       count(*) FILTER (WHERE bucket = 'complete') AS complete,
       count(*) FILTER (WHERE channel = 'link')    AS shares_link,
       count(*) FILTER (WHERE channel = 'embed')   AS shares_embed,
       count(*) FILTER (WHERE via = 'link')        AS via_link,
       count(*) FILTER (WHERE via = 'embed')       AS via_embed
FROM event GROUP BY target_key, target_kind, day;
