CREATE TABLE entries (
    -- A UUID of version 7 in its text form: sorts by time, in the order of its bytes.
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- Milliseconds since 1970, UTC.
    time_ms BIGINT NOT NULL,
    model TEXT,
    -- JSON: [{"label", "index", "probability"}, ...].
    predictions TEXT NOT NULL,
    -- The labels in lower case, one a line, for the search.
    labels TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    -- JPEG.
    thumbnail BYTEA NOT NULL
);
