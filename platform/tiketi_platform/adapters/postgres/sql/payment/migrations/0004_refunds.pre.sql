-- One function per step of a refund. All of them lock the payment first, so that concurrent refunds
-- see each other and together never exceed what was paid.

CREATE FUNCTION refund_json(r refunds, p payments) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'id', r.id, 'payment_id', r.payment_id, 'amount', r.amount, 'points', r.points,
        'card', r.card, 'status', r.status, 'reason', r.reason,
        'created_at_ms', epoch_ms(r.created_at), 'order_id', p.order_id,
        'payment_key', p.payment_key, 'card_returned', p.refunded_card)
$$;

-- Post the points of a PENDING refund and count it; any other stays as it is.
CREATE FUNCTION complete_refund(p_refund_id bigint) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    p payments;
    r refunds;
    v_refund jsonb;
BEGIN
    SELECT payments.* INTO p FROM payments
    WHERE id = (SELECT payment_id FROM refunds WHERE id = p_refund_id) FOR UPDATE;
    UPDATE refunds SET status = 'COMPLETED', completed_at = clock_timestamp(), lease_until = NULL
    WHERE id = p_refund_id AND status = 'PENDING' RETURNING * INTO r;
    IF NOT FOUND THEN
        SELECT * INTO r FROM refunds WHERE id = p_refund_id;
        RETURN refund_json(r, p);
    END IF;
    IF p.purpose = 'POINTS' THEN
        PERFORM post_points(
            p.user_id, 'CANCEL', -r.card, true, 'PAYMENT', p.id, 'Bought points given back');
    ELSIF r.points > 0 THEN
        PERFORM post_points(
            p.user_id, 'REFUND', r.points, false, 'PAYMENT', p.id,
            'Refund for reservation ' || p.reservation_id);
    END IF;
    UPDATE payments
    SET refunded_points = refunded_points + r.points, refunded_card = refunded_card + r.card,
        status = CASE
            WHEN refunded_points + refunded_card + r.amount = total_price THEN 'REFUNDED'
            ELSE 'PARTIALLY_REFUNDED'
        END,
        version = version + 1
    WHERE id = p.id RETURNING * INTO p;
    PERFORM publish('payment.refunded', jsonb_build_object(
        'refund_id', r.id, 'payment_id', p.id, 'reservation_id', p.reservation_id,
        'user_id', p.user_id, 'amount', r.amount, 'points', r.points, 'card', r.card,
        'reason', r.reason), r.request_id);
    v_refund := refund_json(r, p);
    UPDATE idempotency_keys
    SET status = 'ANSWERED', answer = jsonb_build_object('refund', v_refund)
    WHERE user_id = r.requested_by AND key = r.idempotency_key AND refund_id = r.id;
    RETURN v_refund;
END
$$;

-- Record a refund of a payment the caller has locked, card part first (rules.split_refund); without a
-- card part it completes at once. NULL p_amount is all that is left.
CREATE FUNCTION record_refund(
    p payments, p_refund_id bigint, p_amount bigint, p_reason text,
    p_requested_by bigint, p_key text, p_request_id text, p_lease_ms bigint
) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    r refunds;
    v_points_left bigint;
    v_card_left bigint;
    v_amount bigint;
    v_card bigint;
BEGIN
    IF p.status NOT IN ('COMPLETED', 'PARTIALLY_REFUNDED') THEN
        PERFORM refuse('payment_not_refundable', jsonb_build_object(
            'detail', 'the payment is ' || p.status));
    END IF;
    SELECT p.point_used - coalesce(sum(points), 0), p.card_amount - coalesce(sum(card), 0)
    INTO v_points_left, v_card_left
    FROM refunds WHERE payment_id = p.id AND status <> 'REFUSED';
    IF v_points_left + v_card_left = 0 THEN
        PERFORM refuse('payment_not_refundable', jsonb_build_object(
            'detail', 'all of it was given back'));
    END IF;
    v_amount := coalesce(p_amount, v_points_left + v_card_left);
    IF v_amount > v_points_left + v_card_left THEN
        PERFORM refuse('refund_too_large', jsonb_build_object(
            'detail', format('%s won are left of the payment', v_points_left + v_card_left)));
    END IF;
    v_card := least(v_amount, v_card_left);
    IF p.purpose = 'POINTS' THEN
        -- What was bought must still be there: it is set aside until the card has its money back.
        PERFORM hold_points(p.user_id, v_card, 'payment_not_refundable');
    END IF;
    INSERT INTO refunds
        (id, payment_id, amount, points, card, reason, requested_by, idempotency_key, request_id,
         lease_until)
    VALUES
        (p_refund_id, p.id, v_amount, v_amount - v_card, v_card, p_reason, p_requested_by, p_key,
         p_request_id, clock_timestamp() + p_lease_ms * interval '1 millisecond')
    RETURNING * INTO r;
    IF v_card = 0 THEN
        RETURN complete_refund(r.id);
    END IF;
    RETURN refund_json(r, p);
END
$$;

-- Take the key and record a refund that somebody asked for. Returns {"refund": …} or {"answer": …}.
CREATE FUNCTION begin_refund(
    p_payment_id bigint, p_amount bigint, p_reason text, p_user_id bigint, p_key text,
    p_operation text, p_request_hash bytea, p_request_id text, p_lease_ms bigint
) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    p payments;
    v_refund_id bigint := nextval('refunds_id_seq');
    v_answer jsonb := take_key(p_user_id, p_key, p_operation, p_request_hash, NULL, v_refund_id);
BEGIN
    IF v_answer IS NOT NULL THEN
        RETURN jsonb_build_object('answer', v_answer);
    END IF;
    SELECT * INTO p FROM payments WHERE id = p_payment_id FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM refuse('payment_not_found');
    END IF;
    RETURN jsonb_build_object('refund', record_refund(
        p, v_refund_id, p_amount, p_reason, p_user_id, p_key, p_request_id, p_lease_ms));
END
$$;

-- Record the refund of all that is left because a message asks for it; NULL when nothing is.
CREATE FUNCTION begin_whole_refund(
    p_payment_id bigint, p_reason text, p_request_id text, p_lease_ms bigint
) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    p payments;
BEGIN
    SELECT * INTO p FROM payments WHERE id = p_payment_id FOR UPDATE;
    IF NOT FOUND OR p.purpose <> 'TICKETS' OR p.status NOT IN ('COMPLETED', 'PARTIALLY_REFUNDED')
        OR p.total_price = (
            SELECT coalesce(sum(amount), 0) FROM refunds
            WHERE payment_id = p.id AND status <> 'REFUSED')
    THEN
        RETURN NULL;
    END IF;
    RETURN record_refund(
        p, nextval('refunds_id_seq'), NULL, p_reason, NULL, NULL, p_request_id, p_lease_ms);
END
$$;

-- Let go of what a PENDING refund set aside: the gateway will never give it back.
CREATE FUNCTION refuse_refund(p_refund_id bigint, p_detail text) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    p payments;
    r refunds;
BEGIN
    SELECT payments.* INTO p FROM payments
    WHERE id = (SELECT payment_id FROM refunds WHERE id = p_refund_id) FOR UPDATE;
    UPDATE refunds SET status = 'REFUSED', completed_at = clock_timestamp(), lease_until = NULL
    WHERE id = p_refund_id AND status = 'PENDING' RETURNING * INTO r;
    IF NOT FOUND THEN
        SELECT * INTO r FROM refunds WHERE id = p_refund_id;
        RETURN refund_json(r, p);
    END IF;
    IF p.purpose = 'POINTS' THEN
        PERFORM release_points(p.user_id, r.card);
    END IF;
    UPDATE idempotency_keys
    SET status = 'ANSWERED',
        answer = jsonb_build_object('code', 'payment_not_refundable', 'detail', p_detail)
    WHERE user_id = r.requested_by AND key = r.idempotency_key AND refund_id = r.id;
    RETURN refund_json(r, p);
END
$$;
