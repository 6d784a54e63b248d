-- name: record
-- Keep the notices whose message is new.
WITH fresh AS (
    INSERT INTO deliveries (message_id, message_name, user_id, subject, payload, reference_id, request_id)
    SELECT n.message_id, n.message_name, n.user_id, n.subject, n.payload, n.reference_id, n.request_id
    FROM jsonb_to_recordset($1::jsonb) AS n(
        message_id text, message_name text, user_id bigint, subject text, payload jsonb,
        reference_id bigint, request_id text)
    ON CONFLICT (message_id, channel) DO NOTHING
    RETURNING 1
)
SELECT count(*) FROM fresh;

-- name: claim
-- Lease what is due by moving its next try behind the lease; no two processes get the same one.
WITH due AS (
    SELECT id FROM deliveries WHERE status = 'PENDING' AND due_at <= clock_timestamp()
    ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED
)
UPDATE deliveries AS d
SET attempt_count = d.attempt_count + 1,
    due_at = clock_timestamp() + $2::bigint * interval '1 millisecond'
FROM due WHERE d.id = due.id
RETURNING d.id, d.message_id, d.message_name, d.user_id, d.subject, d.payload, d.reference_id,
    d.request_id, d.attempt_count;

-- name: settle
-- Write down how tries went: sent without an error, due again with a pause, failed without one.
UPDATE deliveries AS d
SET status = CASE WHEN o.error IS NULL THEN 'SENT' WHEN o.retry_after_ms IS NULL THEN 'FAILED' ELSE 'PENDING' END,
    sent_at = CASE WHEN o.error IS NULL THEN clock_timestamp() END,
    recipient = CASE WHEN o.recipient = '' THEN d.recipient ELSE o.recipient END,
    error = o.error,
    due_at = CASE WHEN o.retry_after_ms IS NULL THEN d.due_at
        ELSE clock_timestamp() + o.retry_after_ms * interval '1 millisecond' END
FROM jsonb_to_recordset($1::jsonb) AS o(delivery_id bigint, recipient text, error text, retry_after_ms bigint)
WHERE d.id = o.delivery_id AND d.status = 'PENDING';

-- name: send_by_hand
-- Keep a notice somebody wrote; no row when the key was used before.
INSERT INTO deliveries (message_id, message_name, user_id, subject, payload, request_id)
VALUES ($1, 'manual', $2, $3, $4, $5)
ON CONFLICT (message_id, channel) DO NOTHING
RETURNING *;

-- name: by_message
-- The delivery of a message.
SELECT * FROM deliveries WHERE message_id = $1 AND channel = 'email';

-- name: list
-- Deliveries, newest first, below an id; of one user and one status where given.
SELECT * FROM deliveries
WHERE id < $1 AND ($2::bigint IS NULL OR user_id = $2) AND ($3::text IS NULL OR status = $3)
ORDER BY id DESC LIMIT $4;

-- name: export
-- Deliveries in the order of their ids, above one.
SELECT id, message_id, message_name, user_id, reference_id, status FROM deliveries
WHERE id > $1 ORDER BY id LIMIT $2;
