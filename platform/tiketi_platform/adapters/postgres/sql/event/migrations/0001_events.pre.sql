-- Events. Their status is a matter of the clock and is not stored; `search` is folded by the core.

CREATE FUNCTION moment(p_ms bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE AS $$ SELECT timestamptz 'epoch' + p_ms * interval '1 millisecond' $$;

CREATE FUNCTION epoch_ms(p_moment timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$ SELECT floor(extract(epoch FROM p_moment) * 1000)::bigint $$;

CREATE TABLE events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    title text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    artist text NOT NULL CHECK (length(artist) BETWEEN 1 AND 200),
    venue text NOT NULL CHECK (length(venue) BETWEEN 1 AND 200),
    description text NOT NULL DEFAULT '' CHECK (length(description) <= 5000),
    search text NOT NULL,
    starts_at timestamptz NOT NULL,
    on_sale_at timestamptz NOT NULL,
    sale_ends_at timestamptz NOT NULL,
    seats_per_user_max bigint NOT NULL CHECK (seats_per_user_max BETWEEN 1 AND 8),
    cancelled_at timestamptz,
    created_by bigint NOT NULL,
    idempotency_key text,
    request_hash bytea NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT events_times CHECK (
        on_sale_at >= timestamptz '2000-01-01 00:00:00+00' AND on_sale_at < sale_ends_at
        AND sale_ends_at <= starts_at AND starts_at < timestamptz '2200-01-01 00:00:00+00'
    ),
    -- Without a key nothing is ever the same: NULLs are distinct.
    CONSTRAINT events_once UNIQUE (created_by, idempotency_key)
);
CREATE INDEX events_by_sale ON events (on_sale_at, id);
CREATE INDEX events_by_words ON events USING gin (search gin_trgm_ops);

CREATE FUNCTION event_json(e events) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'id', e.id, 'title', e.title, 'artist', e.artist, 'venue', e.venue,
        'description', e.description, 'starts_at_ms', epoch_ms(e.starts_at),
        'on_sale_at_ms', epoch_ms(e.on_sale_at), 'sale_ends_at_ms', epoch_ms(e.sale_ends_at),
        'seats_per_user_max', e.seats_per_user_max, 'is_cancelled', e.cancelled_at IS NOT NULL,
        'version', e.version, 'created_at_ms', epoch_ms(e.created_at),
        'updated_at_ms', epoch_ms(e.updated_at))
$$;

-- The status at a moment, exactly as the core's rules say it.
CREATE FUNCTION status_at(e events, p_now timestamptz) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN e.cancelled_at IS NOT NULL THEN 'cancelled'
        WHEN p_now < e.on_sale_at THEN 'upcoming'
        WHEN p_now < e.sale_ends_at THEN 'on_sale'
        ELSE 'ended'
    END
$$;

-- Announce an event, or return the one that the same request announced before; refuses
-- idempotency_key_reused.
CREATE FUNCTION create_event(
    p_title text, p_artist text, p_venue text, p_description text, p_search text,
    p_starts_at_ms bigint, p_on_sale_at_ms bigint, p_sale_ends_at_ms bigint,
    p_seats_per_user_max bigint, p_created_by bigint, p_key text, p_request_hash bytea
) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    v_event events;
BEGIN
    INSERT INTO events (
        title, artist, venue, description, search, starts_at, on_sale_at, sale_ends_at,
        seats_per_user_max, created_by, idempotency_key, request_hash)
    VALUES (
        p_title, p_artist, p_venue, p_description, p_search, moment(p_starts_at_ms),
        moment(p_on_sale_at_ms), moment(p_sale_ends_at_ms),
        p_seats_per_user_max, p_created_by, p_key, p_request_hash)
    ON CONFLICT ON CONSTRAINT events_once DO NOTHING
    RETURNING * INTO v_event;
    IF NOT FOUND THEN
        SELECT * INTO STRICT v_event FROM events
        WHERE created_by = p_created_by AND idempotency_key = p_key;
        IF v_event.request_hash <> p_request_hash THEN
            PERFORM refuse('idempotency_key_reused');
        END IF;
    END IF;
    RETURN event_json(v_event);
END
$$;
