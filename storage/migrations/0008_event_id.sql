-- Events that a client may send again carry an id, and count once. What is kept is keyed (privacy/pseudonym.py), and
-- dropped after storage.event_ids.KEPT.
CREATE TABLE event_id (
    target_key text  NOT NULL,
    event_id   bytea NOT NULL CHECK (octet_length(event_id) = 16),
    day        date  NOT NULL,
    PRIMARY KEY (target_key, event_id)
);
CREATE INDEX event_id_day ON event_id (day);
