-- Which version of which object of a storage was recognised: scheme://bucket/key?version. Null for what came otherwise.
ALTER TABLE entries ADD COLUMN source TEXT;
CREATE UNIQUE INDEX entries_source ON entries (source);
