-- The last event of its own that each process that sends them has seen counted (actors/canary.py): one row a sender,
-- replaced by its next. No figure is made from it, and no row of it is worth a backup.
CREATE TABLE canary (
    sender bytea PRIMARY KEY,
    nonce  bytea NOT NULL,
    day    date  NOT NULL  -- on which it was accepted; a sender that is silent for a week is forgotten
);
