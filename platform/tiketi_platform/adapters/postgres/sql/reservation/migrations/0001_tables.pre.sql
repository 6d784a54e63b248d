-- Seats, the reservations that hold or bought them, and the tickets that follow. What must never be
-- is refused here, whatever a function above gets wrong.
--
-- Locks are taken in this order: a user (advisory), reservations by id, seats, counters of seat maps.
-- A seat that belongs to a reservation is changed only under the lock of that reservation.

-- Which hall an event has. Seat ids of an event are one block, in the order of its map.
CREATE TABLE event_seats (
    event_id bigint PRIMARY KEY CHECK (event_id > 0),
    layout text NOT NULL CHECK (layout <> ''),
    seats_count integer NOT NULL CHECK (seats_count >= 0),
    first_seat_id bigint NOT NULL,
    last_seat_id bigint NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    CHECK (last_seat_id - first_seat_id + 1 = seats_count)
);

-- The next seat id; its lock lets one event at a time take a block.
CREATE TABLE seat_ids (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    next_id bigint NOT NULL DEFAULT 1
);
INSERT INTO seat_ids DEFAULT VALUES;

-- How many changes the seats of an event have seen, counted in stripes so that buyers in different
-- sessions do not wait for each other. The sum only grows.
CREATE TABLE seat_changes (
    event_id bigint NOT NULL,
    stripe smallint NOT NULL CHECK (stripe BETWEEN 0 AND 15),
    changes bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (event_id, stripe)
) WITH (fillfactor = 20);

CREATE TABLE seat_sections (
    event_id bigint NOT NULL REFERENCES event_seats ON DELETE CASCADE,
    section_no smallint NOT NULL,
    name text NOT NULL,
    price bigint NOT NULL CHECK (price >= 0),
    rows_count integer NOT NULL CHECK (rows_count > 0),
    seats_per_row integer NOT NULL CHECK (seats_per_row > 0),
    start_row integer NOT NULL,
    first_seat_id bigint NOT NULL,
    PRIMARY KEY (event_id, section_no),
    UNIQUE (event_id, name)
);

CREATE TABLE reservations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number text NOT NULL UNIQUE,
    event_id bigint NOT NULL,
    user_id bigint NOT NULL,
    status text NOT NULL DEFAULT 'PENDING'
        CHECK (status IN ('PENDING', 'CONFIRMED', 'CANCELLED', 'EXPIRED')),
    total_price bigint NOT NULL CHECK (total_price >= 0),
    seats_count integer NOT NULL,
    seat_ids bigint[] NOT NULL,
    -- As they were when held: a cancelled reservation still shows what it was for.
    seats jsonb NOT NULL,
    expires_at timestamptz NOT NULL,
    payment_id bigint,
    idempotency_key text,
    request_hash bytea,
    created_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    CHECK (seats_count = cardinality(seat_ids) AND seats_count > 0),
    CHECK (status <> 'CONFIRMED' OR payment_id IS NOT NULL),
    CHECK (status NOT IN ('PENDING', 'EXPIRED') OR payment_id IS NULL),
    CHECK ((idempotency_key IS NULL) = (request_hash IS NULL))
) WITH (fillfactor = 80);

CREATE UNIQUE INDEX reservations_idempotency ON reservations (user_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
-- Partial, because a unique index would hold every NULL too.
CREATE UNIQUE INDEX reservations_payment ON reservations (payment_id)
    WHERE payment_id IS NOT NULL;
CREATE INDEX reservations_of_user ON reservations (user_id, id);
CREATE INDEX reservations_due ON reservations (event_id, expires_at) WHERE status = 'PENDING';

-- One row per chair, with one owner at the most: that is why a seat cannot be sold twice.
CREATE TABLE seats (
    id bigint PRIMARY KEY,
    event_id bigint NOT NULL,
    section_no smallint NOT NULL,
    row_no integer NOT NULL,
    seat_no integer NOT NULL,
    price bigint NOT NULL CHECK (price >= 0),
    status text NOT NULL DEFAULT 'available' CHECK (status IN ('available', 'held', 'sold')),
    reservation_id bigint REFERENCES reservations,
    held_until timestamptz,
    version bigint NOT NULL DEFAULT 1,
    UNIQUE (event_id, section_no, row_no, seat_no),
    CHECK ((status = 'available') = (reservation_id IS NULL)),
    CHECK ((status = 'held') = (held_until IS NOT NULL))
) WITH (fillfactor = 85);

-- The seats nobody has, in the order of the map. A seat that goes from held to sold stays out of it,
-- so that such a change touches no index.
CREATE INDEX seats_free ON seats (id) WHERE reservation_id IS NULL;

CREATE TABLE tickets (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reservation_id bigint NOT NULL REFERENCES reservations,
    event_id bigint NOT NULL,
    user_id bigint NOT NULL,
    seat_id bigint NOT NULL,
    seat jsonb NOT NULL,
    status text NOT NULL DEFAULT 'VALID' CHECK (status IN ('VALID', 'USED', 'CANCELLED')),
    code uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    created_at timestamptz NOT NULL,
    used_at timestamptz,
    CHECK ((status = 'USED') = (used_at IS NOT NULL))
) WITH (fillfactor = 90);

CREATE UNIQUE INDEX tickets_living ON tickets (seat_id) WHERE status IN ('VALID', 'USED');
CREATE INDEX tickets_of_user ON tickets (user_id, id);
CREATE INDEX tickets_of_reservation ON tickets (reservation_id);

-- What of a payment was given back, also when that news overtakes the news of the payment itself.
CREATE TABLE payment_refunds (
    payment_id bigint PRIMARY KEY,
    refunded bigint NOT NULL CHECK (refunded >= 0)
);
