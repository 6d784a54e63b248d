-- name: try_lead
-- Become the schema's one active relay until this session ends; false while another is.
SELECT pg_try_advisory_lock(hashtextextended('tiketi.relay.' || current_schema(), 0));

-- name: take
-- The oldest rows of the outbox that are committed, at most $1; a row that commits later with a
-- lower seq is taken by a later call, so none is skipped.
SELECT seq, id::text, name, payload, request_id,
    (extract(epoch FROM occurred_at) * 1000)::bigint AS occurred_at_ms
FROM outbox ORDER BY seq LIMIT $1;

-- name: drop_taken
-- Forget the rows that are on the stream.
DELETE FROM outbox WHERE seq = ANY ($1::bigint[]);

-- name: fall_asleep
-- Ask publishers to notify from now on.
UPDATE outbox_relay SET asleep = true WHERE NOT asleep;

-- name: wake_up
-- Tell publishers that the relay looks by itself.
UPDATE outbox_relay SET asleep = false WHERE asleep;

-- name: count_outbox
-- How many messages are not yet on the stream.
SELECT count(*) FROM outbox;

-- name: apply_once
-- Whether this message is new to this consumer; marks it as applied.
SELECT apply_once($1::uuid, $2);

-- name: apply_batch
-- The ids among $1 that are new to this consumer; marks them as applied. Sorted, so that two
-- consumers with overlapping batches wait for each other instead of deadlocking.
INSERT INTO inbox (message_id, consumer)
SELECT DISTINCT id, $2 FROM unnest($1::uuid[]) AS id ORDER BY id
ON CONFLICT DO NOTHING
RETURNING message_id::text;

-- name: prune_inbox
-- Forget at most $2 messages that were published more than $1 seconds ago (a UUIDv7 begins with
-- its time); returns how many.
WITH old AS (
    SELECT message_id, consumer FROM inbox
    WHERE message_id < uuidv7(make_interval(secs => -$1::double precision))
    ORDER BY message_id LIMIT $2
), gone AS (
    DELETE FROM inbox USING old
    WHERE inbox.message_id = old.message_id AND inbox.consumer = old.consumer
    RETURNING 1
)
SELECT count(*) FROM gone;
