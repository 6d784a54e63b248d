-- Two who took the best seats while holds of both had lapsed could wait for each other: each had locked
-- what was due of the other before his own. The function is 0003's but for that order.

-- Hold seats for a user until p_expires_at: p_seat_ids, or p_count of the best in p_section (NULL: in
-- the whole hall). The same key and request again gives the same reservation.
--
-- Returns NULL when others have their hands on what is left: call again. Refuses seat_not_found,
-- seat_taken {seat_ids}, sold_out, seat_limit_reached, idempotency_key_reused.
CREATE OR REPLACE FUNCTION hold_seats(
    p_user_id bigint, p_event_id bigint, p_seat_ids bigint[], p_count integer, p_section text,
    p_scatter boolean, p_seats_per_user_max integer, p_number text, p_key text,
    p_request_hash bytea, p_request_id text, p_now timestamptz, p_expires_at timestamptz
) RETURNS reservations
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    r reservations;
    x record;
    v_living bigint;
    v_lapsed bigint[];
    v_owners bigint[];
    v_taken bigint[];
    v_found integer;
    v_first bigint;
    v_last bigint;
    v_ids bigint[];
    v_changes bigint := 0;
BEGIN
    -- One reservation at a time per user: what he has may not grow between counting and holding.
    PERFORM pg_advisory_xact_lock(hashint8extended(p_user_id, 0));
    IF p_key IS NOT NULL THEN
        SELECT * INTO r FROM reservations WHERE user_id = p_user_id AND idempotency_key = p_key;
        IF FOUND THEN
            IF r.request_hash <> p_request_hash THEN
                PERFORM refuse('idempotency_key_reused');
            END IF;
            RETURN r;
        END IF;
    END IF;
    SELECT coalesce(sum(seats_count) FILTER (
            WHERE status = 'CONFIRMED' OR expires_at > p_now), 0),
        coalesce(array_agg(id) FILTER (
            WHERE status = 'PENDING' AND expires_at <= p_now), '{}')
    INTO v_living, v_lapsed
    FROM reservations
    WHERE user_id = p_user_id AND event_id = p_event_id AND status IN ('PENDING', 'CONFIRMED');
    IF v_living + p_count > p_seats_per_user_max THEN
        PERFORM refuse('seat_limit_reached', jsonb_build_object(
            'seats_count', v_living, 'seats_per_user_max', p_seats_per_user_max));
    END IF;

    IF p_seat_ids IS NOT NULL THEN
        SELECT count(*),
            array_agg(id ORDER BY id) FILTER (WHERE reservation_id IS NOT NULL
                AND NOT coalesce(held_until <= p_now, false)),
            coalesce(array_agg(reservation_id) FILTER (WHERE held_until <= p_now), '{}')
        INTO v_found, v_taken, v_owners
        FROM seats WHERE id = ANY (p_seat_ids) AND event_id = p_event_id;
        IF v_found < p_count THEN
            PERFORM refuse('seat_not_found');
        ELSIF v_taken IS NOT NULL THEN
            PERFORM refuse('seat_taken', jsonb_build_object('seat_ids', v_taken));
        END IF;
    ELSE
        SELECT coalesce(s.first_seat_id, e.first_seat_id),
            coalesce(s.first_seat_id + s.rows_count * s.seats_per_row - 1, e.last_seat_id)
        INTO v_first, v_last
        FROM event_seats AS e
        LEFT JOIN seat_sections AS s ON s.event_id = e.event_id AND s.name = p_section
        WHERE e.event_id = p_event_id AND (p_section IS NULL OR s.name IS NOT NULL);
        IF NOT FOUND THEN
            PERFORM refuse('seat_not_found', jsonb_build_object(
                'detail', 'there is no such section', 'field', 'best_available.section'));
        END IF;
        IF cardinality(v_lapsed) > 0 THEN
            -- Whoever waits has nothing others wait for: his own first, then those nobody has.
            PERFORM FROM reservations WHERE id = ANY (v_lapsed) ORDER BY id FOR UPDATE;
        END IF;
        SELECT coalesce(array_agg(due.id), '{}') INTO v_owners FROM (
            SELECT id FROM reservations
            WHERE event_id = p_event_id AND status = 'PENDING' AND expires_at <= p_now
            ORDER BY expires_at LIMIT 100 FOR UPDATE SKIP LOCKED
        ) AS due;
    END IF;

    IF cardinality(v_lapsed) + cardinality(v_owners) > 0 THEN
        -- His own lapsed holds too: a payment that comes late for one must not lift him over the limit.
        v_lapsed := v_lapsed || v_owners;
        PERFORM FROM reservations WHERE id = ANY (v_lapsed) ORDER BY id FOR UPDATE;
        SELECT * INTO x FROM expire_locked(v_lapsed, p_now);
        SELECT coalesce(sum(n), 0) INTO v_changes FROM unnest(x.changes) AS n;
    END IF;

    IF p_seat_ids IS NOT NULL THEN
        SELECT array_agg(s.id) INTO v_ids FROM (
            SELECT id FROM seats
            WHERE id = ANY (p_seat_ids) AND event_id = p_event_id AND reservation_id IS NULL
            ORDER BY id FOR UPDATE
        ) AS s;
        IF v_ids IS NULL OR cardinality(v_ids) < p_count THEN
            PERFORM refuse('seat_taken', jsonb_build_object('seat_ids', ARRAY(
                SELECT id FROM unnest(p_seat_ids) AS id
                WHERE id <> ALL (coalesce(v_ids, '{}')) ORDER BY id)));
        END IF;
    ELSE
        v_ids := pick_best(v_first, v_last, p_count, p_scatter);
        IF v_ids IS NULL THEN
            IF (SELECT count(*) FROM (
                    SELECT FROM seats
                    WHERE id BETWEEN v_first AND v_last AND reservation_id IS NULL LIMIT p_count
                ) AS free) + (
                    SELECT count(*) FROM reservations AS due, unnest(due.seat_ids) AS seat_id
                    WHERE due.event_id = p_event_id AND due.status = 'PENDING'
                        AND due.expires_at <= p_now AND seat_id BETWEEN v_first AND v_last
                ) < p_count THEN
                PERFORM refuse('sold_out');
            END IF;
            PERFORM count_changes(ARRAY[p_event_id], ARRAY[v_changes]);
            RETURN NULL;
        END IF;
    END IF;

    INSERT INTO reservations (
        number, event_id, user_id, total_price, seats_count, seat_ids, seats, expires_at,
        idempotency_key, request_hash, created_at)
    SELECT p_number, p_event_id, p_user_id, sum(s.price), p_count, v_ids,
        jsonb_agg(jsonb_build_object(
            'seat_id', s.id, 'section', t.name, 'row', s.row_no, 'number', s.seat_no,
            'price', s.price) ORDER BY s.id),
        p_expires_at, p_key, p_request_hash, p_now
    FROM seats AS s
    JOIN seat_sections AS t ON t.event_id = s.event_id AND t.section_no = s.section_no
    WHERE s.id = ANY (v_ids)
    RETURNING * INTO r;
    UPDATE seats
    SET status = 'held', reservation_id = r.id, held_until = p_expires_at, version = version + 1
    WHERE id = ANY (v_ids) AND reservation_id IS NULL;
    PERFORM publish(
        'reservation.created',
        reservation_facts(r) || jsonb_build_object('expires_at', r.expires_at), p_request_id);
    UPDATE seat_changes SET changes = changes + v_changes + p_count
    WHERE event_id = p_event_id AND stripe = pg_backend_pid() % 16;
    RETURN r;
END
$$;
