-- K2's tables. Times are microseconds since 1970 UTC; JSON columns hold JSON text; users are names such as ACME\Bob.

CREATE TABLE k2_instances (
    id INTEGER PRIMARY KEY,
    workflow_id INTEGER NOT NULL,
    workflow_name TEXT NOT NULL,
    folio TEXT NOT NULL,
    priority INTEGER NOT NULL,
    expected_duration INTEGER NOT NULL,
    originator TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('Active', 'Completed')),
    data_fields TEXT NOT NULL,
    xml_fields TEXT NOT NULL,
    item_references TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    completed_at INTEGER
);
CREATE INDEX k2_instances_by_folio ON k2_instances (folio);

-- A step that an instance has reached.
CREATE TABLE k2_activities (
    id INTEGER PRIMARY KEY,
    instance_id INTEGER NOT NULL REFERENCES k2_instances (id),
    step TEXT NOT NULL,
    slots INTEGER NOT NULL,
    starts_at INTEGER NOT NULL,
    expires_at INTEGER,
    done_at INTEGER
);
CREATE INDEX k2_activities_by_instance ON k2_activities (instance_id);
CREATE INDEX k2_activities_by_expiry ON k2_activities (expires_at) WHERE done_at IS NULL AND expires_at IS NOT NULL;

-- Whom a step waits for, each under a serial number of its own; a server event waits for no user.
CREATE TABLE k2_destinations (
    id INTEGER PRIMARY KEY,
    instance_id INTEGER NOT NULL REFERENCES k2_instances (id),
    activity_id INTEGER NOT NULL REFERENCES k2_activities (id),
    user TEXT,
    opened INTEGER NOT NULL DEFAULT 0,
    sleeping INTEGER NOT NULL DEFAULT 0,
    sleep_until INTEGER,
    starts_at INTEGER NOT NULL,
    closed_at INTEGER,
    outcome TEXT CHECK (outcome IN ('acted', 'finished', 'redirected', 'withdrawn', 'expired')),
    CHECK ((closed_at IS NULL) = (outcome IS NULL))
);
CREATE INDEX k2_destinations_by_user ON k2_destinations (user, id) WHERE closed_at IS NULL;
CREATE INDEX k2_destinations_by_activity ON k2_destinations (activity_id);
CREATE INDEX k2_destinations_by_instance ON k2_destinations (instance_id);
CREATE INDEX k2_destinations_asleep ON k2_destinations (sleep_until) WHERE sleeping = 1 AND sleep_until IS NOT NULL;

CREATE TABLE k2_history (
    id INTEGER PRIMARY KEY,
    instance_id INTEGER NOT NULL,
    serial TEXT,
    what TEXT NOT NULL,
    who TEXT,
    at INTEGER NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX k2_history_by_instance ON k2_history (instance_id, id);
CREATE INDEX k2_history_by_serial ON k2_history (serial, id);

-- Codes, access tokens and refresh tokens of the OAuth server, by the SHA-256 of their text.
CREATE TABLE k2_grants (
    digest TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('code', 'access', 'refresh')),
    user TEXT NOT NULL,
    detail TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX k2_grants_by_end ON k2_grants (expires_at);
