-- What becomes of a hold: confirmed by a payment, cancelled by a person or by a refund; and its tickets.

-- Give up a PENDING or CONFIRMED reservation that the caller has locked: seats free, tickets void.
-- False, and nothing changed, when a ticket of it was used. p_payment_id is the payment to give back.
CREATE FUNCTION cancel_locked(
    r reservations, p_reason text, p_payment_id bigint, p_request_id text
) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    IF r.status = 'CONFIRMED' THEN
        PERFORM FROM tickets WHERE reservation_id = r.id ORDER BY id FOR UPDATE;
        IF EXISTS (SELECT FROM tickets WHERE reservation_id = r.id AND status = 'USED') THEN
            RETURN false;
        END IF;
        UPDATE tickets SET status = 'CANCELLED' WHERE reservation_id = r.id AND status = 'VALID';
    END IF;
    UPDATE reservations SET status = 'CANCELLED', version = version + 1
    WHERE id = r.id AND version = r.version;
    PERFORM free_seats(ARRAY[r.id], r.seat_ids);
    PERFORM publish(
        'reservation.cancelled', reservation_facts(r) || jsonb_build_object(
            'payment_id', p_payment_id, 'reason', p_reason), p_request_id);
    RETURN true;
END
$$;

-- Cancel a reservation for its owner, or for an administrator (p_user_id NULL). One that is cancelled
-- already stays so. Refuses reservation_not_found, reservation_not_cancellable.
CREATE FUNCTION cancel_reservation(
    p_id bigint, p_user_id bigint, p_reason text, p_request_id text, p_now timestamptz
) RETURNS reservations
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    r reservations;
BEGIN
    SELECT * INTO r FROM reservations
    WHERE id = p_id AND (p_user_id IS NULL OR user_id = p_user_id) FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM refuse('reservation_not_found');
    ELSIF r.status = 'CANCELLED' THEN
        RETURN r;
    ELSIF r.status = 'EXPIRED' OR r.status = 'PENDING' AND r.expires_at <= p_now THEN
        PERFORM refuse('reservation_not_cancellable', '{"detail": "its deadline has passed"}');
    ELSIF NOT cancel_locked(r, p_reason, r.payment_id, p_request_id) THEN
        PERFORM refuse('reservation_not_cancellable', '{"detail": "a ticket of it was used"}');
    END IF;
    PERFORM count_changes(ARRAY[r.event_id], ARRAY[r.seats_count]::bigint[]);
    SELECT * INTO r FROM reservations WHERE id = p_id;
    RETURN r;
END
$$;

-- Sell the seats of a PENDING reservation that the caller has locked, and make its tickets.
CREATE FUNCTION confirm_locked(
    r reservations, p_payment_id bigint, p_request_id text, p_now timestamptz
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_sold integer;
BEGIN
    UPDATE seats
    SET status = 'sold', held_until = NULL, version = version + 1
    WHERE id = ANY (r.seat_ids) AND reservation_id = r.id AND status = 'held';
    GET DIAGNOSTICS v_sold = ROW_COUNT;
    ASSERT v_sold = r.seats_count, 'a PENDING reservation holds its seats';
    UPDATE reservations
    SET status = 'CONFIRMED', payment_id = p_payment_id, version = version + 1
    WHERE id = r.id AND version = r.version;
    INSERT INTO tickets (reservation_id, event_id, user_id, seat_id, seat, created_at)
    SELECT r.id, r.event_id, r.user_id, (seat ->> 'seat_id')::bigint, seat, p_now
    FROM jsonb_array_elements(r.seats) AS seat;
    PERFORM publish(
        'reservation.confirmed',
        reservation_facts(r) || jsonb_build_object('payment_id', p_payment_id), p_request_id);
END
$$;

-- Those of these messages (JSON array of {id, request_id, payload}) that are new here, in order; marks
-- them, and locks the reservations they are about.
CREATE FUNCTION take_messages(p_messages jsonb)
RETURNS TABLE (request_id text, payload jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_ids uuid[];
BEGIN
    PERFORM FROM reservations AS r
    WHERE r.id IN (
        SELECT (m -> 'payload' ->> 'reservation_id')::bigint
        FROM jsonb_array_elements(p_messages) AS m)
    ORDER BY r.id FOR UPDATE;
    WITH marked AS (
        INSERT INTO inbox (message_id, consumer)
        SELECT DISTINCT (m ->> 'id')::uuid AS id, 'reservation'
        FROM jsonb_array_elements(p_messages) AS m ORDER BY id
        ON CONFLICT DO NOTHING RETURNING message_id
    )
    SELECT coalesce(array_agg(message_id), '{}') INTO v_ids FROM marked;
    RETURN QUERY
    SELECT t.request_id, t.payload FROM (
        SELECT DISTINCT ON (m ->> 'id') m ->> 'request_id' AS request_id, m -> 'payload' AS payload,
            place
        FROM jsonb_array_elements(p_messages) WITH ORDINALITY AS messages (m, place)
        WHERE (m ->> 'id')::uuid = ANY (v_ids)
        ORDER BY m ->> 'id', place
    ) AS t ORDER BY t.place;
END
$$;

-- Apply payment.completed messages, each once: confirm the reservation, or refuse the payment with a
-- message so that it is given back. A hold past its deadline whose seats nobody took is confirmed.
CREATE FUNCTION apply_payments(p_messages jsonb, p_now timestamptz) RETURNS void
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    m record;
    r reservations;
    v_payment_id bigint;
    v_reason text;
    v_events bigint[] := '{}';
    v_changes bigint[] := '{}';
BEGIN
    FOR m IN SELECT * FROM take_messages(p_messages) LOOP
        v_payment_id := (m.payload ->> 'payment_id')::bigint;
        SELECT * INTO r FROM reservations WHERE id = (m.payload ->> 'reservation_id')::bigint;
        CONTINUE WHEN r.payment_id = v_payment_id;
        v_reason := CASE
            WHEN r.id IS NULL OR r.user_id <> (m.payload ->> 'user_id')::bigint THEN 'unknown'
            WHEN r.status = 'EXPIRED' THEN 'expired'
            WHEN r.status = 'CANCELLED' THEN 'cancelled'
            WHEN r.status = 'CONFIRMED' THEN 'already_paid'
            WHEN r.total_price <> (m.payload ->> 'total_price')::bigint THEN 'price_mismatch'
            END;
        IF v_reason IS NOT NULL THEN
            PERFORM publish('reservation.refused', jsonb_build_object(
                'reservation_id', m.payload -> 'reservation_id', 'payment_id', v_payment_id,
                'user_id', m.payload -> 'user_id', 'reason', v_reason), m.request_id);
        ELSIF NOT EXISTS (
            SELECT FROM payment_refunds
            WHERE payment_id = v_payment_id AND refunded >= r.total_price
        ) THEN
            PERFORM confirm_locked(r, v_payment_id, m.request_id, p_now);
            v_events := v_events || r.event_id;
            v_changes := v_changes
                || (r.seats_count * CASE WHEN r.expires_at <= p_now THEN 2 ELSE 1 END)::bigint;
        END IF;
    END LOOP;
    PERFORM count_changes(v_events, v_changes);
END
$$;

-- Apply payment.refunded messages, each once: a reservation whose payment was given back whole is
-- cancelled. One whose ticket was used stays: the seat was taken, whatever became of the money.
CREATE FUNCTION apply_refunds(p_messages jsonb) RETURNS void
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    m record;
    r reservations;
    v_payment_id bigint;
    v_refunded bigint;
    v_events bigint[] := '{}';
    v_changes bigint[] := '{}';
BEGIN
    FOR m IN SELECT * FROM take_messages(p_messages) LOOP
        CONTINUE WHEN m.payload ->> 'reservation_id' IS NULL;
        v_payment_id := (m.payload ->> 'payment_id')::bigint;
        INSERT INTO payment_refunds AS f (payment_id, refunded)
        VALUES (v_payment_id, (m.payload ->> 'amount')::bigint)
        ON CONFLICT (payment_id) DO UPDATE SET refunded = f.refunded + excluded.refunded
        RETURNING refunded INTO v_refunded;
        SELECT * INTO r FROM reservations
        WHERE id = (m.payload ->> 'reservation_id')::bigint AND payment_id = v_payment_id;
        IF r.status = 'CONFIRMED' AND v_refunded >= r.total_price
            AND cancel_locked(r, 'payment_refunded', NULL, m.request_id)
        THEN
            v_events := v_events || r.event_id;
            v_changes := v_changes || r.seats_count::bigint;
        END IF;
    END LOOP;
    PERFORM count_changes(v_events, v_changes);
END
$$;

-- Let the holder of a ticket in, once. Refuses ticket_not_found, ticket_used {used_at}, and
-- ticket_invalid for a ticket that was cancelled or a code that is not its own.
CREATE FUNCTION use_ticket(p_id bigint, p_code uuid, p_now timestamptz) RETURNS tickets
LANGUAGE plpgsql AS $$
DECLARE
    t tickets;
BEGIN
    UPDATE tickets SET status = 'USED', used_at = p_now
    WHERE id = p_id AND code = p_code AND status = 'VALID' RETURNING * INTO t;
    IF FOUND THEN
        RETURN t;
    END IF;
    SELECT * INTO t FROM tickets WHERE id = p_id;
    IF NOT FOUND THEN
        PERFORM refuse('ticket_not_found');
    ELSIF t.code = p_code AND t.status = 'USED' THEN
        PERFORM refuse('ticket_used', jsonb_build_object('used_at', t.used_at));
    END IF;
    PERFORM refuse('ticket_invalid', jsonb_build_object('detail', CASE
        WHEN t.code = p_code THEN 'this ticket was cancelled' ELSE 'this is no ticket of ours' END));
END
$$;
