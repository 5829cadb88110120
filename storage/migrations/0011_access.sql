-- Who may see what is the operator's. Another session_salt ends every session, since they are signed under it.
CREATE TABLE operator (
    one           boolean PRIMARY KEY DEFAULT true CHECK (one),
    password_hash text NOT NULL,
    session_salt  bytea NOT NULL
);

-- Sessions that were left before their time; a row goes when the session would have ended anyway.
CREATE TABLE ended_session (
    digest bytea PRIMARY KEY,
    until  timestamptz NOT NULL
);

-- API tokens and share links. Both are long random strings, so a plain digest of them tells nothing.
CREATE TABLE access_token (
    digest  bytea PRIMARY KEY,
    kind    text NOT NULL CHECK (kind IN ('api', 'share')),
    name    text NOT NULL,
    scopes  text[] NOT NULL,
    made_at timestamptz NOT NULL,
    UNIQUE (kind, name)
);
