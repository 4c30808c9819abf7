-- Times are microseconds since 1970 UTC; ids are UUID texts; JSON columns hold JSON text. A kms_key_id encrypts what is
-- said to the workflow; it stays as it was when the workflow was started, whatever the definitions file says later.

CREATE TABLE processes (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('RUNNING', 'COMPLETED', 'CANCELLED')),
    definition_id TEXT NOT NULL,
    definition_code TEXT NOT NULL,
    definition_version TEXT NOT NULL,
    definition_name TEXT NOT NULL,
    initiator_id TEXT NOT NULL,
    metadata TEXT,
    entity TEXT,
    related_process_id TEXT,
    kms_key_id TEXT,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_modified_by TEXT NOT NULL,
    last_modified_at INTEGER NOT NULL,
    deleted_by TEXT,
    deleted_at INTEGER
) WITHOUT ROWID;
CREATE INDEX processes_by_created ON processes (created_at, id);
CREATE INDEX processes_by_definition ON processes (definition_id, created_at);
CREATE INDEX processes_by_related ON processes (related_process_id) WHERE related_process_id IS NOT NULL;

CREATE TABLE process_items (
    id TEXT PRIMARY KEY,
    process_id TEXT NOT NULL REFERENCES processes (id),
    type TEXT NOT NULL CHECK (type IN ('TASK', 'MESSAGE', 'THREAD')),
    definition_id TEXT,
    definition_code TEXT,
    definition_version TEXT,
    definition_name TEXT,
    thread_id TEXT,
    owner_id TEXT,
    state TEXT CHECK (state IN ('READY', 'CLAIMED', 'COMPLETED', 'CANCELLED')),
    data TEXT,
    context_data TEXT,
    text TEXT,
    data_definition_code TEXT,
    claimed_at INTEGER,
    completed_at INTEGER,
    cancelled_at INTEGER,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_modified_by TEXT NOT NULL,
    last_modified_at INTEGER NOT NULL,
    deleted_by TEXT,
    deleted_at INTEGER
) WITHOUT ROWID;
CREATE INDEX process_items_by_process ON process_items (process_id, created_at);
CREATE INDEX process_items_by_created ON process_items (created_at, id);
CREATE INDEX process_items_by_state ON process_items (state, created_at);

CREATE TABLE task_logs (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    process_item_id TEXT NOT NULL REFERENCES process_items (id),
    logged_at INTEGER NOT NULL,
    level TEXT NOT NULL CHECK (level IN ('INFO', 'WARN', 'ERROR')),
    message TEXT NOT NULL
);
CREATE INDEX task_logs_by_item ON task_logs (process_item_id, position);

CREATE TABLE ai_runs (
    process_item_id TEXT PRIMARY KEY REFERENCES process_items (id),
    request_id TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    model TEXT NOT NULL,
    error TEXT
) WITHOUT ROWID;

CREATE TABLE business_artifacts (
    id TEXT PRIMARY KEY,
    definition_id TEXT NOT NULL,
    definition_code TEXT NOT NULL,
    data TEXT,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_modified_by TEXT NOT NULL,
    last_modified_at INTEGER NOT NULL,
    deleted_by TEXT,
    deleted_at INTEGER
) WITHOUT ROWID;
CREATE INDEX business_artifacts_by_definition ON business_artifacts (definition_id, created_at);
CREATE INDEX business_artifacts_by_created ON business_artifacts (created_at, id);

-- Of a process or a business artifact; an action that runs a workflow has the workflow's id.
CREATE TABLE actions (
    id TEXT PRIMARY KEY,
    process_id TEXT REFERENCES processes (id),
    artifact_id TEXT REFERENCES business_artifacts (id),
    definition_id TEXT NOT NULL,
    definition_code TEXT NOT NULL,
    type TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('REQUESTED', 'COMPLETED', 'CANCELED', 'ERROR')),
    details TEXT NOT NULL,
    kms_key_id TEXT,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_modified_by TEXT NOT NULL,
    last_modified_at INTEGER NOT NULL,
    CHECK ((process_id IS NULL) <> (artifact_id IS NULL))
) WITHOUT ROWID;
CREATE INDEX actions_by_process ON actions (process_id) WHERE process_id IS NOT NULL;

-- An owner is a process or a business artifact.
CREATE TABLE documents (
    id TEXT PRIMARY KEY,
    owner_kind TEXT NOT NULL CHECK (owner_kind IN ('process', 'business-artifact')),
    owner_id TEXT NOT NULL,
    name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    short_lived INTEGER NOT NULL,
    user_action_value_id TEXT UNIQUE,
    linked_at INTEGER,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX documents_unlinked ON documents (created_at) WHERE linked_at IS NULL;
CREATE INDEX documents_by_owner ON documents (owner_id);

CREATE TABLE kms_keys (
    id TEXT PRIMARY KEY,
    value BLOB NOT NULL,
    created_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE workers (
    id TEXT PRIMARY KEY,
    identity TEXT NOT NULL UNIQUE,
    body TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_modified_by TEXT NOT NULL,
    last_modified_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE engine_commands (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('start_workflow', 'signal_workflow', 'cancel_workflow')),
    workflow_id TEXT NOT NULL,
    workflow_type TEXT,
    task_queue TEXT,
    signal_name TEXT,
    payload TEXT,
    created_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    last_error TEXT,
    done_at INTEGER
);
CREATE INDEX engine_commands_pending ON engine_commands (id) WHERE done_at IS NULL;

-- When the data folder was made: what the definitions file names is as old.
CREATE TABLE beginning (at INTEGER NOT NULL);
INSERT INTO beginning VALUES (CAST(strftime('%s', 'now') AS INTEGER) * 1000000);
