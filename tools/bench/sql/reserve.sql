-- Statements of tools/bench/reserve_seats.py.

-- name: create_bare
-- A table like that of the seats, indexes and checks included.
CREATE TABLE bare_seats (LIKE seats INCLUDING ALL);

-- name: empty_bare
-- Start over.
TRUNCATE bare_seats;

-- name: bare
-- 50,000 seats in one statement, without a rule around it: the floor of a generation.
INSERT INTO bare_seats (id, event_id, section_no, row_no, seat_no, price)
SELECT $2::bigint + r * 100 + n, $1, r / 50, r % 50, n + 1, 100000
FROM generate_series(0, 499) AS r, generate_series(0, 99) AS n;
