-- Leaderboards ask for a kind's targets over some days; without this they would read every day there is.
CREATE INDEX day_counter_by_day ON day_counter (target_kind, day);
CREATE INDEX listener_count_by_day ON listener_count (target_kind, day);
