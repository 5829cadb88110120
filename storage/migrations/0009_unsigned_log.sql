-- The log says what was played, never by whom: who asks to be forgotten leaves the sets, and nothing is to be erased
-- from it. A dropped column's values stay in its rows; giving another column its own type anew writes every row again.
ALTER TABLE play_event DROP COLUMN pseudonym, ALTER COLUMN rule_version TYPE smallint USING (rule_version + 0)::smallint;
DROP TABLE log_erasure;

-- The hour of a track's listener's first play there, for a few days: a flood is taken back with whom it brought.
-- Nor may the planner's statistics keep pseudonyms of who was forgotten since; writing the column anew drops the old.
ALTER TABLE listener
    ADD COLUMN came timestamptz,
    ALTER COLUMN pseudonym TYPE bytea USING pseudonym || '',
    ALTER COLUMN pseudonym SET STATISTICS 0;

-- When the sets were last written anew (storage/anew.py), and whether what they replaced is gone from the files.
ALTER TABLE listener_generation
    ADD COLUMN anew_generation bigint  NOT NULL DEFAULT -1,
    ADD COLUMN anew_on         date    NOT NULL DEFAULT '-infinity',
    ADD COLUMN compact         boolean NOT NULL DEFAULT true;
