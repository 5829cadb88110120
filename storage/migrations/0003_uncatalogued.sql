-- Keys that were counted without being in the catalog, and the day they were first seen: strangers can send any
-- key, and past a number of new ones a day the rest is counted under one target.
CREATE TABLE uncatalogued (
    target_key  text NOT NULL,
    target_kind text NOT NULL CHECK (target_kind IN ('track', 'release')),
    day         date NOT NULL,
    PRIMARY KEY (target_key, target_kind)
);
CREATE INDEX uncatalogued_day ON uncatalogued (day);
