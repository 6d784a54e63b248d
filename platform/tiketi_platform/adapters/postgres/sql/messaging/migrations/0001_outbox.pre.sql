-- What happened and is not yet on the stream. One relay per schema empties it (outbox.py).

CREATE TABLE outbox (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL DEFAULT uuidv7(),
    name text NOT NULL CHECK (name <> ''),
    -- A batch of them must fit what one Redis connection takes at once.
    payload jsonb NOT NULL
        CHECK (jsonb_typeof(payload) = 'object' AND pg_column_size(payload) <= 4096),
    request_id text NOT NULL DEFAULT '',
    occurred_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Rows live for milliseconds: what counts is how many died, not how many there are.
ALTER TABLE outbox SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 100000,
    autovacuum_vacuum_insert_threshold = -1
);

-- Whether the relay sleeps until it is notified. Every NOTIFY makes commits wait for each other,
-- so publishers notify only then; a busy relay looks by itself.
CREATE TABLE outbox_relay (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    asleep boolean NOT NULL DEFAULT true
);
INSERT INTO outbox_relay DEFAULT VALUES;

-- Say within this transaction that something happened. Call it after locking the rows it is about:
-- then messages about one row leave in the order of its changes.
CREATE FUNCTION publish(name text, payload jsonb, request_id text DEFAULT '') RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
    message_id uuid;
BEGIN
    INSERT INTO outbox (name, payload, request_id)
    VALUES (publish.name, publish.payload, coalesce(publish.request_id, ''))
    RETURNING outbox.id INTO message_id;
    IF (SELECT asleep FROM outbox_relay) THEN
        PERFORM pg_notify('outbox_' || current_schema(), '');
    END IF;
    RETURN message_id;
END
$$;
