-- What people asked to be told: milestones and the weekly digest. An alert is written in the transaction that finds it,
-- and stays until it is delivered or given up; its name is made from what it is about, so it is made once.
CREATE TABLE alert (
    alert_id   text        NOT NULL,
    way        text        NOT NULL CHECK (way IN ('webhook', 'mail', 'file')),
    body       text        NOT NULL,
    made_at    timestamptz NOT NULL,
    attempts   integer     NOT NULL DEFAULT 0,
    next_at    timestamptz NOT NULL,
    settled_at timestamptz,
    outcome    text        NOT NULL DEFAULT '',
    PRIMARY KEY (alert_id, way)
);
CREATE INDEX alert_due ON alert (next_at) WHERE settled_at IS NULL;

-- How many plays a target had when one of its milestones was last told, or when looking began: lower ones are past,
-- also where plays are taken out again.
CREATE TABLE milestone (
    target_key  text   NOT NULL,
    target_kind text   NOT NULL CHECK (target_kind IN ('track', 'release', 'site')),
    plays       bigint NOT NULL,
    PRIMARY KEY (target_key, target_kind)
);

-- One row, which the process that looks holds meanwhile. `looking_for`: with other milestones looking begins anew.
CREATE TABLE alert_state (
    one         boolean PRIMARY KEY DEFAULT true CHECK (one),
    looking_for text        NOT NULL DEFAULT '',
    looked_at   timestamptz,
    digest_week date
);
INSERT INTO alert_state DEFAULT VALUES;

-- How many listeners the site had of all time when a week began: nothing else could tell a week's new ones later.
CREATE TABLE week_begin (
    week      date   PRIMARY KEY,
    listeners bigint NOT NULL
);
