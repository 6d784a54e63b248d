-- name: record
-- Keep the notices whose message is new: a delivery for each channel its user can be reached by.
WITH fresh AS (
    INSERT INTO deliveries (message_id, message_name, channel, user_id, subject, payload, reference_id,
        request_id, category, stale_at)
    SELECT n.message_id, n.message_name, c.channel, n.user_id, n.subject, n.payload, n.reference_id,
        n.request_id, n.category,
        to_timestamp(n.occurred_at_ms / 1000.0) + n.useful_ms * interval '1 millisecond'
    FROM jsonb_to_recordset($1::jsonb) AS n(
        message_id text, message_name text, user_id bigint, subject text, payload jsonb,
        reference_id bigint, request_id text, category text, occurred_at_ms bigint,
        useful_ms bigint, channels text[])
    CROSS JOIN LATERAL unnest(n.channels) AS c(channel)
    LEFT JOIN preferences AS p ON p.user_id = n.user_id
    WHERE c.channel = ANY ($2::text[])
        AND (c.channel <> 'sms' OR p.sms)
        -- A turn lasts minutes and comes to thousands at once: a mail only for those who want one.
        AND (c.channel <> 'email' OR n.message_name <> 'entry.admitted' OR p.turn_email)
        AND (c.channel <> 'push' OR (coalesce(p.push, true)
            AND EXISTS (SELECT 1 FROM devices AS d WHERE d.user_id = n.user_id)))
    ON CONFLICT (message_id, channel) DO NOTHING
    RETURNING 1
)
SELECT count(*) FROM fresh;

-- name: take_budget
-- How many of those that are due a channel may send at this moment.
SELECT take_budget($1::text, (
    SELECT count(*) FROM (
        SELECT 1 FROM deliveries
        WHERE channel = $1 AND status = 'PENDING' AND due_at <= clock_timestamp() LIMIT $2
    ) AS due
)::integer, $3::double precision);

-- name: lock_claims
-- One process at a time claims deliveries of a channel, so that each sees what the others have under way.
SELECT pg_advisory_xact_lock(hashtextextended('claims of ' || $1::text, 0));

-- name: claim
-- Lease what is due by moving its next try behind the lease; no two processes get the same one.
WITH due AS (
    SELECT id FROM deliveries
    WHERE channel = $1 AND status = 'PENDING' AND due_at <= clock_timestamp()
    ORDER BY category DESC, due_at LIMIT $2 FOR UPDATE SKIP LOCKED
), leased AS (
    UPDATE deliveries AS d
    SET attempt_count = d.attempt_count + 1,
        due_at = clock_timestamp() + $3::bigint * interval '1 millisecond',
        leased_until = clock_timestamp() + $3::bigint * interval '1 millisecond'
    FROM due WHERE d.id = due.id
    RETURNING d.id, d.message_id, d.message_name, d.channel, d.user_id, d.subject, d.payload,
        d.reference_id, d.request_id, d.category, d.attempt_count,
        coalesce(d.stale_at <= clock_timestamp(), false) AS is_stale
)
SELECT l.*, coalesce(p.language, 'ko') AS language,
    CASE l.channel || l.category
        WHEN 'emailmarketing' THEN coalesce(p.marketing_email, false)
        WHEN 'pushmarketing' THEN coalesce(p.marketing_push, false)
        WHEN 'smsmarketing' THEN coalesce(p.marketing_sms, false)
        WHEN 'pushtransactional' THEN coalesce(p.push, true)
        WHEN 'smstransactional' THEN coalesce(p.sms, false)
        ELSE true
    END AS agrees,
    (
        SELECT count(*) FROM (
            SELECT 1 FROM deliveries AS s
            WHERE s.user_id = l.user_id AND s.channel = l.channel AND s.category = l.category
                AND s.status = 'SENT' AND s.sent_at > clock_timestamp() - $4::bigint * interval '1 millisecond'
            LIMIT $5
        ) AS recent
    ) + (
        -- What another sender has under way; this statement does not see its own leases.
        SELECT count(*) FROM (
            SELECT 1 FROM deliveries AS s
            WHERE s.user_id = l.user_id AND s.channel = l.channel AND s.category = l.category
                AND s.leased_until > clock_timestamp() AND s.id <> l.id
            LIMIT $5
        ) AS leased
    ) AS recent_count,
    CASE WHEN l.channel = 'push' THEN ARRAY(
        SELECT d.token FROM devices AS d WHERE d.user_id = l.user_id
        ORDER BY d.created_at DESC LIMIT $6
    ) END AS devices
FROM leased AS l LEFT JOIN preferences AS p ON p.user_id = l.user_id
ORDER BY l.category DESC, l.id;

-- name: keep
-- Move the end of leases that are still ours.
UPDATE deliveries AS d SET due_at = clock_timestamp() + $3::bigint * interval '1 millisecond',
    leased_until = clock_timestamp() + $3::bigint * interval '1 millisecond'
FROM unnest($1::bigint[], $2::integer[]) AS k(id, attempt_count)
WHERE d.id = k.id AND d.attempt_count = k.attempt_count AND d.status = 'PENDING';

-- name: settle
-- Write down how tries went: sent without an error, due again with a pause, failed or skipped without one.
UPDATE deliveries AS d
SET status = CASE WHEN o.error IS NULL THEN 'SENT' WHEN o.retry_after_ms IS NOT NULL THEN 'PENDING'
        WHEN o.is_unwanted THEN 'SKIPPED' ELSE 'FAILED' END,
    sent_at = CASE WHEN o.error IS NULL THEN clock_timestamp() END,
    recipient = CASE WHEN o.recipient = '' THEN d.recipient ELSE o.recipient END,
    subject = CASE WHEN o.subject = '' THEN d.subject ELSE o.subject END,
    error = o.error,
    -- A code that opens an account is for the mail and nothing else.
    payload = CASE WHEN o.error IS NULL OR o.is_unwanted THEN d.payload - 'token' ELSE d.payload END,
    leased_until = NULL,
    attempt_count = d.attempt_count - CASE WHEN o.is_counted THEN 0 ELSE 1 END,
    due_at = CASE WHEN o.retry_after_ms IS NULL THEN d.due_at
        ELSE clock_timestamp() + o.retry_after_ms * interval '1 millisecond' END
FROM jsonb_to_recordset($1::jsonb) AS o(delivery_id bigint, attempt_count integer, recipient text,
    subject text, error text, retry_after_ms bigint, is_counted boolean, is_unwanted boolean)
WHERE d.id = o.delivery_id AND d.attempt_count = o.attempt_count AND d.status = 'PENDING';

-- name: send_by_hand
-- Keep a notice somebody wrote, or what the same key made before.
SELECT * FROM send_by_hand($1, $2, $3, $4, $5, $6, $7);

-- name: list
-- Deliveries, newest first, below an id; of one user and one status where given.
SELECT * FROM deliveries
WHERE id < $1 AND ($2::bigint IS NULL OR user_id = $2) AND ($3::text IS NULL OR status = $3)
ORDER BY id DESC LIMIT $4;

-- name: export
-- Deliveries in the order of their ids, above one.
SELECT id, message_id, message_name, user_id, reference_id, status, channel FROM deliveries
WHERE id > $1 ORDER BY id LIMIT $2;

-- name: failed
-- Deliveries that were given up, newest first, below an id.
SELECT * FROM deliveries WHERE status = 'FAILED' AND id < $1 ORDER BY id DESC LIMIT $2;

-- name: replay
-- Let deliveries that were given up be tried anew: those of the ids, or all; returns how many.
WITH revived AS (
    UPDATE deliveries SET status = 'PENDING', attempt_count = 0, due_at = clock_timestamp(), error = NULL
    WHERE status = 'FAILED' AND ($1::bigint[] IS NULL OR id = ANY ($1))
    RETURNING 1
)
SELECT count(*) FROM revived;

-- name: preferences
-- What a user wants; no row where they never said.
SELECT * FROM preferences WHERE user_id = $1;

-- name: set_preferences
-- Change what is given and leave the rest as it is, or as the defaults say.
INSERT INTO preferences AS p (user_id, language, push, sms, marketing_email, marketing_push, marketing_sms,
    turn_email)
VALUES ($1, coalesce($2, 'ko'), coalesce($3, true), coalesce($4, false), coalesce($5, false),
    coalesce($6, false), coalesce($7, false), coalesce($8, false))
ON CONFLICT (user_id) DO UPDATE
SET language = coalesce($2, p.language), push = coalesce($3, p.push), sms = coalesce($4, p.sms),
    marketing_email = coalesce($5, p.marketing_email), marketing_push = coalesce($6, p.marketing_push),
    marketing_sms = coalesce($7, p.marketing_sms), turn_email = coalesce($8, p.turn_email),
    updated_at = clock_timestamp()
RETURNING *;

-- name: add_device
-- Let a device take its user's push messages, one of the $4 newest.
SELECT add_device($1, $2, $3, $4);

-- name: devices
-- A user's devices, the newest first.
SELECT token, platform, created_at FROM devices WHERE user_id = $1 ORDER BY created_at DESC, token;

-- name: remove_device
-- Forget a user's device.
DELETE FROM devices WHERE token = $1 AND user_id = $2;

-- name: forget_devices
-- Forget devices that the push service no longer knows.
DELETE FROM devices WHERE token = ANY ($1::text[]);
