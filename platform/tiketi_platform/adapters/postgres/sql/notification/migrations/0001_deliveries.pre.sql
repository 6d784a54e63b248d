-- What users are told, once a message and channel, and how far each telling has come.

CREATE TABLE deliveries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id text NOT NULL,
    message_name text NOT NULL,
    channel text NOT NULL DEFAULT 'email' CHECK (channel IN ('email')),
    user_id bigint NOT NULL,
    recipient text NOT NULL DEFAULT '',
    subject text NOT NULL,
    payload jsonb NOT NULL CHECK (jsonb_typeof(payload) = 'object'),
    reference_id bigint,
    request_id text NOT NULL DEFAULT '',
    status text NOT NULL DEFAULT 'PENDING' CHECK (status IN ('PENDING', 'SENT', 'FAILED')),
    attempt_count integer NOT NULL DEFAULT 0 CHECK (attempt_count >= 0),
    due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    error text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sent_at timestamptz,
    CHECK ((status = 'SENT') = (sent_at IS NOT NULL)),
    -- One message, one delivery: this is the service's inbox.
    UNIQUE (message_id, channel)
);

CREATE INDEX deliveries_due ON deliveries (due_at) WHERE status = 'PENDING';
CREATE INDEX deliveries_of_user ON deliveries (user_id, id DESC);
