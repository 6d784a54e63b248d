-- One function per step of a payment, each one transaction and one round trip. Payments, answers and
-- refunds leave the database as JSON with the names of the core's model; times are epoch milliseconds.

CREATE FUNCTION epoch_ms(p_moment timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$ SELECT floor(extract(epoch FROM p_moment) * 1000)::bigint $$;

CREATE FUNCTION payment_json(p payments) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'id', p.id, 'user_id', p.user_id, 'purpose', p.purpose,
        'reservation_id', p.reservation_id, 'event_id', p.event_id,
        'payment_method', p.payment_method, 'total_price', p.total_price,
        'point_used', p.point_used, 'card_amount', p.card_amount,
        'refunded_points', p.refunded_points, 'refunded_card', p.refunded_card,
        'status', p.status, 'order_id', p.order_id, 'payment_key', p.payment_key,
        'pg_token', p.pg_token, 'is_aborting', p.is_aborting, 'failure_code', p.failure_code,
        'created_at_ms', epoch_ms(p.created_at), 'completed_at_ms', epoch_ms(p.completed_at))
$$;

-- A payment with its owner's balance now.
CREATE FUNCTION settled_json(p payments) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'payment', payment_json(p),
        'balance', coalesce((SELECT balance FROM points WHERE user_id = p.user_id), 0))
$$;

-- The answer a request was given before, NULL when its key is new; refuses idempotency_key_reused and
-- idempotency_in_flight.
CREATE FUNCTION read_key(p_user_id bigint, p_key text, p_request_hash bytea) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    k idempotency_keys;
BEGIN
    SELECT * INTO k FROM idempotency_keys WHERE user_id = p_user_id AND key = p_key;
    IF NOT FOUND THEN
        RETURN NULL;
    ELSIF k.request_hash <> p_request_hash THEN
        PERFORM refuse('idempotency_key_reused');
    ELSIF k.answer IS NULL THEN
        PERFORM refuse('idempotency_in_flight', jsonb_build_object('retry_after_s', 1));
    END IF;
    RETURN k.answer;
END
$$;

-- Take a key for a new request and return NULL, or return the answer its request was given before.
CREATE FUNCTION take_key(
    p_user_id bigint, p_key text, p_operation text, p_request_hash bytea,
    p_payment_id bigint, p_refund_id bigint
) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    v_answer jsonb;
BEGIN
    INSERT INTO idempotency_keys (user_id, key, operation, request_hash, payment_id, refund_id)
    VALUES (p_user_id, p_key, p_operation, p_request_hash, p_payment_id, p_refund_id)
    ON CONFLICT DO NOTHING;
    IF FOUND THEN
        RETURN NULL;
    END IF;
    v_answer := read_key(p_user_id, p_key, p_request_hash);
    IF v_answer IS NULL THEN
        -- It was there a moment ago and has been freed since: the next attempt will find it free.
        PERFORM refuse('idempotency_in_flight', jsonb_build_object('retry_after_s', 1));
    END IF;
    RETURN v_answer;
END
$$;

-- Post what a PENDING payment bought or used; a payment that is settled or aborting stays as it is.
CREATE FUNCTION complete_payment(p_payment_id bigint, p_payment_key text) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    p payments;
    v_settled jsonb;
BEGIN
    SELECT * INTO p FROM payments WHERE id = p_payment_id FOR UPDATE;
    IF p.status <> 'PENDING' OR p.is_aborting THEN
        RETURN settled_json(p);
    END IF;
    IF p.purpose = 'POINTS' THEN
        PERFORM post_points(
            p.user_id, 'CHARGE', p.total_price, false, 'PAYMENT', p.id, 'Points bought by card');
    ELSIF p.point_used > 0 THEN
        PERFORM post_points(
            p.user_id, 'USE', -p.point_used, true, 'PAYMENT', p.id,
            'Paid for reservation ' || p.reservation_id);
    END IF;
    UPDATE payments
    SET status = 'COMPLETED', payment_key = p_payment_key, pg_token = NULL, lease_until = NULL,
        completed_at = clock_timestamp(), version = version + 1
    WHERE id = p_payment_id RETURNING * INTO p;
    v_settled := settled_json(p);
    IF p.purpose = 'POINTS' THEN
        PERFORM publish('points.charged', jsonb_build_object(
            'payment_id', p.id, 'user_id', p.user_id, 'amount', p.total_price,
            'balance', v_settled -> 'balance'), p.request_id);
    ELSE
        PERFORM publish('payment.completed', jsonb_build_object(
            'payment_id', p.id, 'reservation_id', p.reservation_id, 'event_id', p.event_id,
            'user_id', p.user_id, 'total_price', p.total_price, 'point_used', p.point_used,
            'card_amount', p.card_amount), p.request_id);
    END IF;
    UPDATE idempotency_keys
    SET status = 'ANSWERED', answer = jsonb_build_object('settled', v_settled)
    WHERE user_id = p.user_id AND key = p.idempotency_key AND payment_id = p.id;
    RETURN v_settled;
END
$$;

-- Take the key, record the payment and hold its points; by points alone it completes at once.
-- Returns {"settled": …} or {"answer": …}.
CREATE FUNCTION begin_payment(
    p_user_id bigint, p_key text, p_operation text, p_request_hash bytea,
    p_purpose text, p_reservation_id bigint, p_event_id bigint, p_total_price bigint,
    p_point_used bigint, p_card_amount bigint, p_pg_token text, p_request_id text, p_lease_ms bigint
) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    p payments;
    v_payment_id bigint := nextval('payments_id_seq');
    v_answer jsonb := take_key(
        p_user_id, p_key, p_operation, p_request_hash, v_payment_id, NULL);
BEGIN
    IF v_answer IS NOT NULL THEN
        RETURN jsonb_build_object('answer', v_answer);
    END IF;
    INSERT INTO payments
        (id, user_id, purpose, reservation_id, event_id, total_price, point_used, card_amount,
         pg_token, idempotency_key, request_id, lease_until)
    VALUES
        (v_payment_id, p_user_id, p_purpose, p_reservation_id, p_event_id, p_total_price,
         p_point_used, p_card_amount, p_pg_token, p_key, p_request_id,
         clock_timestamp() + p_lease_ms * interval '1 millisecond')
    ON CONFLICT (reservation_id) WHERE status IN ('PENDING', 'COMPLETED', 'PARTIALLY_REFUNDED')
        DO NOTHING
    RETURNING * INTO p;
    IF NOT FOUND THEN
        PERFORM refuse('reservation_not_payable', jsonb_build_object(
            'detail', 'a payment for this reservation is under way or done'));
    END IF;
    IF p_point_used > 0 THEN
        PERFORM hold_points(p_user_id, p_point_used, 'insufficient_points');
    END IF;
    IF p_purpose = 'POINTS' AND EXISTS (
        SELECT FROM points WHERE user_id = p_user_id AND balance + p_total_price > 1000000000000
    ) THEN
        PERFORM refuse('balance_limit_reached');
    END IF;
    IF p_card_amount = 0 THEN
        RETURN jsonb_build_object('settled', complete_payment(v_payment_id, NULL));
    END IF;
    RETURN jsonb_build_object('settled', settled_json(p));
END
$$;

-- Decide against a PENDING payment, so that nobody completes it while its card gets money back.
CREATE FUNCTION abort_payment(p_payment_id bigint, p_failure jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    p payments;
BEGIN
    UPDATE payments
    SET is_aborting = true, failure = p_failure, failure_code = p_failure ->> 'code',
        version = version + 1
    WHERE id = p_payment_id AND status = 'PENDING' AND NOT is_aborting
    RETURNING * INTO p;
    IF NOT FOUND THEN
        SELECT * INTO p FROM payments WHERE id = p_payment_id;
    END IF;
    RETURN settled_json(p);
END
$$;

-- Release what a PENDING payment held. A final failure is the key's answer; otherwise the key is free
-- again. p_failure is {code, detail, gateway_code, is_final}; what an abort said before stands.
CREATE FUNCTION fail_payment(p_payment_id bigint, p_failure jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    p payments;
BEGIN
    SELECT * INTO p FROM payments WHERE id = p_payment_id FOR UPDATE;
    IF p.status <> 'PENDING' THEN
        RETURN settled_json(p);
    END IF;
    PERFORM release_points(p.user_id, p.point_used);
    UPDATE payments
    SET status = 'FAILED', pg_token = NULL, lease_until = NULL, version = version + 1,
        failure = coalesce(failure, p_failure),
        failure_code = coalesce(failure_code, p_failure ->> 'code')
    WHERE id = p_payment_id RETURNING * INTO p;
    PERFORM publish('payment.failed', jsonb_build_object(
        'payment_id', p.id, 'reservation_id', p.reservation_id, 'user_id', p.user_id,
        'total_price', p.total_price, 'failure_code', p.failure_code), p.request_id);
    IF (p.failure ->> 'is_final')::boolean THEN
        UPDATE idempotency_keys SET status = 'ANSWERED', answer = p.failure - 'is_final'
        WHERE user_id = p.user_id AND key = p.idempotency_key AND payment_id = p.id;
    ELSE
        DELETE FROM idempotency_keys
        WHERE user_id = p.user_id AND key = p.idempotency_key AND payment_id = p.id;
    END IF;
    RETURN settled_json(p);
END
$$;
