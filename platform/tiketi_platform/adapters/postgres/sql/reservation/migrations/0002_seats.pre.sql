-- Putting the seats of a hall on sale, and counting what changes on its map.

-- Count changes of seat maps, event by event in one order; nothing is locked after this.
-- The map's version is this count plus the held seats whose deadline has passed. So each change adds 1
-- per seat, and one more when it ends a hold that had lapsed: freeing lapsed seats leaves the version
-- as it is, like the map.
CREATE FUNCTION count_changes(p_event_ids bigint[], p_changes bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    x record;
BEGIN
    FOR x IN
        SELECT t.event_id, sum(t.changes) AS changes
        FROM unnest(p_event_ids, p_changes) AS t (event_id, changes)
        GROUP BY t.event_id ORDER BY t.event_id
    LOOP
        UPDATE seat_changes AS c SET changes = c.changes + x.changes
        WHERE c.event_id = x.event_id AND c.stripe = pg_backend_pid() % 16;
    END LOOP;
END
$$;

-- The version of an event's map at a moment.
CREATE FUNCTION map_version(p_event_id bigint, p_now timestamptz) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT sum(changes) FROM seat_changes WHERE event_id = p_event_id), 0)::bigint
        + coalesce((
            SELECT sum(seats_count) FROM reservations
            WHERE event_id = p_event_id AND status = 'PENDING' AND expires_at <= p_now), 0)
$$;

-- Give an event the seats of a layout: the same layout again changes nothing, another one replaces it
-- while no seat is held or sold (refuses seats_in_use). p_sections is a JSON array of
-- {name, rows, seats_per_row, price, start_row}. Returns how many seats were made and removed.
CREATE FUNCTION generate_seats(
    p_event_id bigint, p_layout text, p_sections jsonb, p_now timestamptz,
    OUT created_count integer, OUT removed_count integer
)
LANGUAGE plpgsql AS $$
DECLARE
    e event_seats;
    v_count integer;
    v_first bigint;
BEGIN
    created_count := 0;
    removed_count := 0;
    INSERT INTO event_seats (event_id, layout, seats_count, first_seat_id, last_seat_id)
    VALUES (p_event_id, p_layout, 0, 1, 0) ON CONFLICT DO NOTHING;
    SELECT * INTO e FROM event_seats WHERE event_id = p_event_id FOR UPDATE;
    IF e.layout = p_layout AND e.seats_count > 0 THEN
        RETURN;
    END IF;
    PERFORM expire_event(p_event_id, p_now);
    DELETE FROM seats
    WHERE id BETWEEN e.first_seat_id AND e.last_seat_id AND reservation_id IS NULL;
    GET DIAGNOSTICS removed_count = ROW_COUNT;
    IF removed_count <> e.seats_count THEN
        PERFORM refuse('seats_in_use', jsonb_build_object(
            'seats_in_use_count', e.seats_count - removed_count));
    END IF;
    DELETE FROM seat_sections WHERE event_id = p_event_id;

    SELECT sum(s.rows * s.seats_per_row) INTO v_count
    FROM jsonb_to_recordset(p_sections) AS s (rows integer, seats_per_row integer);
    UPDATE seat_ids SET next_id = next_id + v_count RETURNING next_id - v_count INTO v_first;
    UPDATE event_seats
    SET layout = p_layout, seats_count = v_count, first_seat_id = v_first,
        last_seat_id = v_first + v_count - 1, version = e.version + 1
    WHERE event_id = p_event_id AND version = e.version;
    INSERT INTO seat_sections (
        event_id, section_no, name, price, rows_count, seats_per_row, start_row, first_seat_id)
    SELECT p_event_id, t.section_no, s.name, s.price, s.rows, s.seats_per_row, s.start_row,
        v_first + sum(s.rows * s.seats_per_row) OVER (ORDER BY t.section_no)
            - s.rows * s.seats_per_row
    FROM jsonb_array_elements(p_sections) WITH ORDINALITY AS t (section, section_no),
        jsonb_to_record(t.section) AS s (
            name text, rows integer, seats_per_row integer, price bigint, start_row integer);
    INSERT INTO seats (id, event_id, section_no, row_no, seat_no, price)
    SELECT s.first_seat_id + r * s.seats_per_row + n, p_event_id, s.section_no,
        s.start_row + r, n + 1, s.price
    FROM seat_sections AS s, generate_series(0, s.rows_count - 1) AS r,
        generate_series(0, s.seats_per_row - 1) AS n
    WHERE s.event_id = p_event_id;
    GET DIAGNOSTICS created_count = ROW_COUNT;
    INSERT INTO seat_changes (event_id, stripe)
    SELECT p_event_id, stripe FROM generate_series(0, 15) AS stripe ON CONFLICT DO NOTHING;
    PERFORM count_changes(ARRAY[p_event_id], ARRAY[v_count + removed_count]::bigint[]);
END
$$;
