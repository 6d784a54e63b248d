-- What the reservation service asks of its tables; every change is one SQL function.

-- name: generate_seats
-- Give an event the seats of a layout.
SELECT created_count, removed_count FROM generate_seats($1, $2, $3, $4);

-- name: analyze_seats
-- Let the planner know of seats that were just made.
ANALYZE seats;

-- name: map_version
-- The version of an event's map at a moment; no row when it has no seats.
SELECT map_version(event_id, $2) AS version FROM event_seats WHERE event_id = $1;

-- name: seat_map
-- An event's map at a moment: its sections, and a letter per seat in the order of ids.
SELECT map_version(e.event_id, $2) AS version,
    (SELECT jsonb_agg(jsonb_build_array(
            name, price, rows_count, seats_per_row, start_row, first_seat_id) ORDER BY section_no)
     FROM seat_sections WHERE event_id = e.event_id) AS sections,
    (SELECT string_agg(
            CASE WHEN reservation_id IS NULL OR held_until <= $2 THEN 'a'
                WHEN held_until IS NULL THEN 's' ELSE 'h' END, '')
     FROM (SELECT reservation_id, held_until FROM seats
           WHERE id BETWEEN e.first_seat_id AND e.last_seat_id ORDER BY id) AS s) AS states
FROM event_seats AS e WHERE e.event_id = $1;

-- name: hold_seats
-- Hold seats for a user; a row of NULLs when others have their hands on what is left.
SELECT * FROM hold_seats($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- name: cancel_reservation
-- Cancel a reservation.
SELECT * FROM cancel_reservation($1, $2, $3, $4, $5);

-- name: reservation
-- One reservation by its id.
SELECT * FROM reservations WHERE id = $1;

-- name: reservation_by_key
-- What a user's request with this key made.
SELECT * FROM reservations WHERE user_id = $1 AND idempotency_key = $2;

-- name: reservations_of_user
-- A user's reservations below an id, newest first; status as of the moment $4.
SELECT * FROM reservations
WHERE user_id = $1 AND id < $2 AND ($3::bigint IS NULL OR event_id = $3)
    AND ($5::text IS NULL OR $5 = CASE
        WHEN status = 'PENDING' AND expires_at <= $4 THEN 'EXPIRED' ELSE status END)
ORDER BY id DESC LIMIT $6;

-- name: expire_due
-- Expire holds whose deadline has passed.
SELECT expire_due($1, $2);

-- name: apply_payments
-- Confirm what was paid.
SELECT apply_payments($1, $2);

-- name: apply_refunds
-- Cancel what was given back whole.
SELECT apply_refunds($1);

-- name: note_cancelled_event
-- Note that an event will not take place.
INSERT INTO cancelled_events (event_id, request_id, noted_at) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING;

-- name: cancelled_events
-- Cancelled events of which something may be living.
SELECT event_id, noted_at <= $1 AS is_last FROM cancelled_events WHERE NOT is_swept ORDER BY event_id;

-- name: sweep_event
-- Give back what is held or sold for a cancelled event, a batch of it.
SELECT sweep_event($1, $2, $3, $4);

-- name: event_swept
-- Nothing of a cancelled event can be living any more.
UPDATE cancelled_events SET is_swept = true WHERE event_id = $1;

-- name: ticket
-- One ticket by its id.
SELECT * FROM tickets WHERE id = $1;

-- name: tickets_of_user
-- A user's tickets below an id, newest first.
SELECT * FROM tickets
WHERE user_id = $1 AND id < $2 AND ($3::bigint IS NULL OR event_id = $3)
    AND ($4::bigint IS NULL OR reservation_id = $4)
ORDER BY id DESC LIMIT $5;

-- name: use_ticket
-- Let somebody in.
SELECT * FROM use_ticket($1, $2, $3, $4);

-- name: export_seats
-- Seats of an event above an id, for the audit.
SELECT s.id AS seat_id, s.status, s.reservation_id
FROM event_seats AS e
JOIN seats AS s ON s.id BETWEEN e.first_seat_id AND e.last_seat_id
WHERE e.event_id = $1 AND s.id > $2 ORDER BY s.id LIMIT $3;

-- name: export_reservations
-- Reservations of an event above an id, for the audit.
SELECT r.id AS reservation_id, r.number, r.user_id, r.status, r.total_price, r.seat_ids,
    (SELECT count(*) FROM tickets AS t
     WHERE t.reservation_id = r.id AND t.status IN ('VALID', 'USED')) AS ticket_count,
    (SELECT count(*) FROM tickets AS t
     WHERE t.reservation_id = r.id AND t.status = 'USED') AS used_ticket_count,
    r.payment_id, r.expires_at
FROM reservations AS r WHERE r.event_id = $1 AND r.id > $2 ORDER BY r.id LIMIT $3;
