-- Statements of tools/bench/relay.py.

-- name: fill
-- $1 messages of the usual size, as one transaction.
SELECT count(publish('payment.completed', jsonb_build_object(
    'payment_id', n, 'reservation_id', n, 'event_id', 42, 'user_id', n, 'total_price', 150000,
    'point_used', 50000, 'card_amount', 100000), 'req-' || n))
FROM generate_series(1, $1::int) AS n;

-- name: publish_one
-- One message, its own transaction.
SELECT publish('payment.completed', '{"payment_id": 1}', 'req-1');

-- name: create_effects
-- What the measured consumer writes, one row per message.
CREATE TABLE effects (payment_id bigint, total_price bigint);

-- name: effect
-- The effect of one message.
INSERT INTO effects VALUES ($1, $2);

-- name: create_refusing
-- A function that refuses by raising.
CREATE FUNCTION bench_raise(seat bigint) RETURNS TABLE (status text, id bigint)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM refuse('seat_taken', jsonb_build_object('seat_ids', jsonb_build_array(seat)));
END
$$;

-- name: create_answering
-- The same refusal, returned as a row.
CREATE FUNCTION bench_status(seat bigint) RETURNS TABLE (status text, id bigint)
LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT 'seat_taken'::text, seat;
END
$$;

-- name: raise
-- Be refused by an exception.
SELECT * FROM bench_raise($1);

-- name: status
-- Be refused by a row.
SELECT * FROM bench_status($1);
