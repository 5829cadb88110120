-- A listener who asked to be forgotten. The tag is keyed by what the listener's id was made into, so it says nothing
-- without the pseudonym key; it is honoured by writers that still have older events in their spools, and then goes.
CREATE TABLE forgotten (
    tag   bytea       PRIMARY KEY CHECK (octet_length(tag) = 16),
    until timestamptz NOT NULL
);

-- Pseudonyms that the log is still to be cleared of: one pass over the log serves all that wait.
CREATE TABLE log_erasure (
    track_key text  NOT NULL,
    pseudonym bytea NOT NULL CHECK (octet_length(pseudonym) = 16),
    PRIMARY KEY (track_key, pseudonym)
);
