-- Another name of a track or release. Everything is counted and catalogued under the first name, since pseudonyms are
-- made with it: under another one the same listener would be a new one. `current`: what the target is called now;
-- where no row says so, it is the first name.
CREATE TABLE alias (
    alias_key   text    NOT NULL CHECK (octet_length(alias_key) BETWEEN 1 AND 200),
    target_kind text    NOT NULL CHECK (target_kind IN ('track', 'release')),
    target_key  text    NOT NULL,
    current     boolean NOT NULL,
    PRIMARY KEY (alias_key, target_kind),
    CHECK (alias_key <> target_key)
);
CREATE UNIQUE INDEX alias_current ON alias (target_key, target_kind) WHERE current;

-- How often something was renamed. A writer reads it with the row that a renaming holds, so that it knows a batch
-- whose keys were looked up before.
ALTER TABLE listener_generation ADD COLUMN renames bigint NOT NULL DEFAULT 0;

-- The key a target is counted under, given any of its names; and back, what it is called now. Evaluated once a query.
CREATE FUNCTION counted_key(kind text, name text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT target_key FROM alias WHERE alias_key = name AND target_kind = kind), name)
$$;
CREATE FUNCTION shown_key(kind text, counted text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT alias_key FROM alias WHERE target_key = counted AND target_kind = kind AND current), counted)
$$;
