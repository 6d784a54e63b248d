-- Events that will not take place: what is held or sold for one is given back, in batches beside the
-- requests. Who reserves knows of a cancellation a moment late, so the sweep goes on for a while.

CREATE TABLE cancelled_events (
    event_id bigint PRIMARY KEY,
    request_id text NOT NULL,
    noted_at timestamptz NOT NULL,
    is_swept boolean NOT NULL DEFAULT false
);
CREATE INDEX cancelled_events_unswept ON cancelled_events (event_id) WHERE NOT is_swept;

-- Cancel what is living of at most p_limit of a cancelled event's reservations above an id; those that
-- somebody works on, and those with a used ticket, stay. Returns the last id looked at, NULL after the
-- last one. Any number of sweepers may run this at once.
CREATE FUNCTION sweep_event(
    p_event_id bigint, p_above_id bigint, p_now timestamptz, p_limit integer
) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    r reservations;
    v_ids bigint[];
    v_request_id text;
    v_changes bigint := 0;
BEGIN
    -- The seats know who lives: an index for this alone would cost every sale.
    SELECT array_agg(found.reservation_id ORDER BY found.reservation_id) INTO v_ids FROM (
        SELECT DISTINCT s.reservation_id
        FROM event_seats AS e JOIN seats AS s ON s.id BETWEEN e.first_seat_id AND e.last_seat_id
        WHERE e.event_id = p_event_id AND s.reservation_id > p_above_id
        ORDER BY s.reservation_id LIMIT p_limit
    ) AS found;
    IF v_ids IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT request_id INTO v_request_id FROM cancelled_events WHERE event_id = p_event_id;
    FOR r IN
        SELECT * FROM reservations WHERE id = ANY (v_ids)
            AND (status = 'CONFIRMED' OR status = 'PENDING' AND expires_at > p_now)
        ORDER BY id FOR UPDATE SKIP LOCKED
    LOOP
        IF cancel_locked(r, 'event_cancelled', r.payment_id, v_request_id) THEN
            v_changes := v_changes + r.seats_count;
        END IF;
    END LOOP;
    PERFORM count_changes(ARRAY[p_event_id], ARRAY[v_changes]);
    RETURN v_ids[cardinality(v_ids)];
END
$$;

-- Tell the catalogue which seats an event has got, and for what money. The sections of a hall are
-- written by one statement, after the hall itself.
CREATE FUNCTION tell_of_seats() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM publish('seats.generated', jsonb_build_object(
        'event_id', e.event_id, 'seats_count', e.seats_count, 'version', e.version,
        'price_min', told.price_min, 'price_max', told.price_max))
    FROM (
        SELECT event_id, min(price) AS price_min, max(price) AS price_max
        FROM made GROUP BY event_id ORDER BY event_id
    ) AS told JOIN event_seats AS e USING (event_id);
    RETURN NULL;
END
$$;
CREATE TRIGGER seat_sections_told AFTER INSERT ON seat_sections
    REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION tell_of_seats();

-- Halls from before this file, too.
DO $$
BEGIN
    PERFORM publish('seats.generated', jsonb_build_object(
        'event_id', e.event_id, 'seats_count', e.seats_count, 'version', e.version,
        'price_min', min(s.price), 'price_max', max(s.price)))
    FROM event_seats AS e JOIN seat_sections AS s USING (event_id)
    WHERE e.seats_count > 0 GROUP BY e.event_id;
END
$$;
