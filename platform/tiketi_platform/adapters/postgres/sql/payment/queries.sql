-- name: begin_payment
-- Take the key, record the payment, hold its points.
SELECT begin_payment($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- name: complete_payment
-- Post a payment whose card was charged.
SELECT complete_payment($1, $2);

-- name: abort_payment
-- Decide against a payment.
SELECT abort_payment($1, $2);

-- name: fail_payment
-- End a payment that took no money.
SELECT fail_payment($1, $2);

-- name: read_key
-- The answer a request was given before.
SELECT read_key($1, $2, $3);

-- name: payment
-- One payment by its id.
SELECT payment_json(p) FROM payments AS p WHERE id = $1;

-- name: payment_of_order
-- One payment by the name the gateway knows it by.
SELECT payment_json(p) FROM payments AS p WHERE order_id = $1;

-- name: claim_payments
-- Lease PENDING payments nobody works on; several processes never get the same one.
WITH stale AS (
    SELECT id FROM payments
    WHERE status = 'PENDING' AND (lease_until IS NULL OR lease_until <= clock_timestamp())
    ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE payments AS p
SET lease_until = clock_timestamp() + $1::bigint * interval '1 millisecond'
FROM stale WHERE p.id = stale.id
RETURNING payment_json(p);

-- name: begin_refund
-- Take the key and set aside what goes back.
SELECT begin_refund($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: lock_payments
-- Lock payments in the order of their ids; says whose each is.
SELECT id, user_id FROM payments WHERE id = ANY ($1) ORDER BY id FOR UPDATE;

-- name: begin_whole_refund
-- Set aside all that is left of a payment because a message asks for it.
SELECT begin_whole_refund($1, $2, $3, $4);

-- name: complete_refund
-- Post a refund whose card part is back.
SELECT complete_refund($1);

-- name: decline_refund
-- End a refund the gateway declined, or keep it under way.
SELECT decline_refund($1, $2, $3, $4, $5);

-- name: claim_refunds
-- Lease PENDING refunds nobody works on; several processes never get the same one.
WITH stale AS (
    SELECT id FROM refunds
    WHERE status = 'PENDING' AND (lease_until IS NULL OR lease_until <= clock_timestamp())
    ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE refunds AS r
SET lease_until = clock_timestamp() + $1::bigint * interval '1 millisecond', declined_at = NULL
FROM stale, payments AS p WHERE r.id = stale.id AND p.id = r.payment_id
RETURNING refund_json(r, p);

-- name: under_way
-- How long the oldest payment and refund have been under way in seconds, and how many refunds the gateway
-- declined that are owed all the same.
SELECT
    (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::double precision
     FROM payments WHERE status = 'PENDING') AS payment_oldest_s,
    (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::double precision
     FROM refunds WHERE status = 'PENDING') AS refund_oldest_s,
    (SELECT count(*) FROM refunds WHERE status = 'PENDING' AND declined_at IS NOT NULL) AS declined_count;

-- name: grant_points
-- Give users points once per reference.
SELECT grant_points($1, $2, $3);

-- name: wallet
-- One wallet; no row is an empty one.
SELECT user_id, balance, held FROM points WHERE user_id = $1;

-- name: histories
-- Lines of one wallet below an id, newest first.
SELECT id, user_id, type, amount, balance_after, reference_type, reference_id, description,
    epoch_ms(created_at) AS created_at_ms
FROM point_histories WHERE user_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3;

-- name: balance
-- One wallet with its latest lines, as of one moment.
SELECT
    (SELECT jsonb_build_object('user_id', user_id, 'balance', balance, 'held', held)
     FROM points WHERE user_id = $1) AS wallet,
    coalesce((
        SELECT jsonb_agg(jsonb_build_object(
            'id', id, 'user_id', user_id, 'type', type, 'amount', amount,
            'balance_after', balance_after, 'reference_type', reference_type,
            'reference_id', reference_id, 'description', description,
            'created_at_ms', epoch_ms(created_at)) ORDER BY id DESC)
        FROM (SELECT * FROM point_histories WHERE user_id = $1 ORDER BY id DESC LIMIT $2) AS latest
    ), '[]') AS lines;

-- name: export_wallets
-- Wallets above a user id, for the audit.
SELECT user_id, balance, held FROM points WHERE user_id > $1 ORDER BY user_id LIMIT $2;

-- name: export_histories
-- History lines above an id, for the audit.
SELECT id, user_id, type, amount, balance_after
FROM point_histories WHERE id > $1 ORDER BY id LIMIT $2;

-- name: export_payments
-- Payments of an event above an id, for the audit.
SELECT id AS payment_id, reservation_id, user_id, status, total_price, point_used, card_amount,
    refunded_points, refunded_card
FROM payments WHERE event_id = $1 AND id > $2 ORDER BY id LIMIT $3;

-- name: prune_keys
-- Forget at most $2 answers older than $1 seconds; returns how many.
WITH old AS (
    SELECT user_id, key FROM idempotency_keys
    WHERE created_at < clock_timestamp() - make_interval(secs => $1::double precision)
        AND status = 'ANSWERED'
    ORDER BY created_at LIMIT $2
), gone AS (
    DELETE FROM idempotency_keys AS k USING old
    WHERE k.user_id = old.user_id AND k.key = old.key
    RETURNING 1
)
SELECT count(*) FROM gone;
