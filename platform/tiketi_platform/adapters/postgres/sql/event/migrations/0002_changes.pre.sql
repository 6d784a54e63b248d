-- Events can be changed, cancelled and removed; their status follows the clock and the seats, and what
-- it became is announced. `announced_status` is what was said last, `next_change_at` when the clock
-- changes it next: the timer's only question.

ALTER TABLE events
    ADD COLUMN image_url text CHECK (length(image_url) <= 500),
    ADD COLUMN cancel_reason text,
    ADD COLUMN deleted_at timestamptz,
    ADD COLUMN seats_version bigint NOT NULL DEFAULT 0,
    ADD COLUMN seats_count bigint NOT NULL DEFAULT 0,
    -- Sums what reservations say, in whatever order it comes; only the sum means something.
    ADD COLUMN sold_count bigint NOT NULL DEFAULT 0,
    ADD COLUMN price_min bigint,
    ADD COLUMN price_max bigint,
    ADD COLUMN search_key text NOT NULL DEFAULT '',
    ADD COLUMN search_venue text NOT NULL DEFAULT '',
    -- By which edition of the core's rules the three search columns were written.
    ADD COLUMN search_edition text NOT NULL DEFAULT '',
    ADD COLUMN announced_status text NOT NULL DEFAULT 'upcoming',
    ADD COLUMN next_change_at timestamptz;

CREATE OR REPLACE FUNCTION status_at(e events, p_now timestamptz) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN e.cancelled_at IS NOT NULL THEN 'cancelled'
        WHEN p_now < e.on_sale_at THEN 'upcoming'
        WHEN p_now >= e.sale_ends_at THEN 'ended'
        WHEN e.seats_count > 0 AND e.sold_count >= e.seats_count THEN 'sold_out'
        ELSE 'on_sale'
    END
$$;

CREATE FUNCTION next_change(e events, p_status text) RETURNS timestamptz
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE p_status
        WHEN 'upcoming' THEN e.on_sale_at
        WHEN 'on_sale' THEN e.sale_ends_at
        WHEN 'sold_out' THEN e.sale_ends_at
    END
$$;

-- What was there before is not news.
UPDATE events AS e SET
    announced_status = status_at(e, clock_timestamp()),
    next_change_at = next_change(e, status_at(e, clock_timestamp()));

-- Events announced by the release before have no next change yet: the timer looks at them at once.
ALTER TABLE events ALTER COLUMN next_change_at SET DEFAULT '-infinity';

CREATE INDEX events_due ON events (next_change_at) WHERE next_change_at IS NOT NULL;
CREATE INDEX events_by_key ON events USING gin (search_key gin_trgm_ops);
CREATE INDEX events_by_edition ON events (search_edition);

CREATE OR REPLACE FUNCTION event_json(e events) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'id', e.id, 'title', e.title, 'artist', e.artist, 'venue', e.venue,
        'description', e.description, 'starts_at_ms', epoch_ms(e.starts_at),
        'on_sale_at_ms', epoch_ms(e.on_sale_at), 'sale_ends_at_ms', epoch_ms(e.sale_ends_at),
        'seats_per_user_max', e.seats_per_user_max, 'image_url', e.image_url,
        'is_cancelled', e.cancelled_at IS NOT NULL, 'cancel_reason', e.cancel_reason,
        'is_sold_out', e.seats_count > 0 AND e.sold_count >= e.seats_count,
        'price_min', e.price_min, 'price_max', e.price_max,
        'version', e.version, 'created_at_ms', epoch_ms(e.created_at),
        'updated_at_ms', epoch_ms(e.updated_at))
$$;

-- What messages say of an event.
CREATE FUNCTION event_facts(e events, p_now timestamptz) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'event_id', e.id, 'version', e.version, 'title', e.title, 'status', status_at(e, p_now),
        'starts_at', e.starts_at, 'on_sale_at', e.on_sale_at, 'sale_ends_at', e.sale_ends_at)
$$;

-- Say what the status of an event has become, if it is another than was said last, and note when the
-- clock changes it next. True if something was said. Of any number of replicas one says it: the row
-- is locked.
CREATE FUNCTION settle_status(p_id bigint, p_now timestamptz, p_request_id text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    e events;
    v_status text;
BEGIN
    SELECT * INTO STRICT e FROM events WHERE id = p_id FOR UPDATE;
    v_status := status_at(e, p_now);
    IF v_status = e.announced_status
        AND e.next_change_at IS NOT DISTINCT FROM next_change(e, v_status)
    THEN
        RETURN false;
    END IF;
    UPDATE events SET announced_status = v_status, next_change_at = next_change(e, v_status)
    WHERE id = p_id;
    IF v_status = e.announced_status THEN
        RETURN false;
    END IF;
    PERFORM publish(
        'event.status_changed', jsonb_build_object(
            'event_id', e.id, 'status', v_status, 'previous', e.announced_status, 'changed_at',
            CASE
                WHEN v_status = 'on_sale' AND e.announced_status = 'upcoming' THEN e.on_sale_at
                WHEN v_status = 'ended' THEN e.sale_ends_at
                ELSE p_now
            END),
        p_request_id);
    RETURN true;
END
$$;

-- Settle at most p_limit events whose status the clock has changed; those another replica works on are
-- left to it. Returns their ids, and when the next one is due.
CREATE FUNCTION settle_due(
    p_now timestamptz, p_limit integer, OUT event_ids bigint[], OUT next_at timestamptz
)
LANGUAGE plpgsql AS $$
DECLARE
    v_id bigint;
BEGIN
    event_ids := '{}';
    FOR v_id IN
        SELECT id FROM events WHERE next_change_at <= p_now
        ORDER BY next_change_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    LOOP
        IF settle_status(v_id, p_now, '') THEN
            event_ids := event_ids || v_id;
        END IF;
    END LOOP;
    SELECT min(next_change_at) INTO next_at FROM events WHERE next_change_at IS NOT NULL;
END
$$;

-- Announce an event, or return the one that the same request announced before; refuses
-- idempotency_key_reused. p_event has the names of the core's model and the three search columns.
CREATE FUNCTION announce_event(
    p_event jsonb, p_created_by bigint, p_key text, p_request_hash bytea,
    p_now timestamptz, p_request_id text
) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    e events;
BEGIN
    INSERT INTO events (
        title, artist, venue, description, image_url, search, search_key, search_venue,
        search_edition, starts_at, on_sale_at, sale_ends_at, seats_per_user_max, created_by,
        idempotency_key, request_hash)
    SELECT
        x.title, x.artist, x.venue, x.description, x.image_url, x.search, x.search_key,
        x.search_venue, x.search_edition, moment(x.starts_at_ms), moment(x.on_sale_at_ms),
        moment(x.sale_ends_at_ms), x.seats_per_user_max, p_created_by, p_key, p_request_hash
    FROM jsonb_to_record(p_event) AS x (
        title text, artist text, venue text, description text, image_url text, search text,
        search_key text, search_venue text, search_edition text, starts_at_ms bigint,
        on_sale_at_ms bigint, sale_ends_at_ms bigint, seats_per_user_max bigint)
    ON CONFLICT ON CONSTRAINT events_once DO NOTHING
    RETURNING * INTO e;
    IF NOT FOUND THEN
        SELECT * INTO STRICT e FROM events WHERE created_by = p_created_by AND idempotency_key = p_key;
        IF e.request_hash <> p_request_hash THEN
            PERFORM refuse('idempotency_key_reused');
        END IF;
        RETURN event_json(e);
    END IF;
    UPDATE events SET
        announced_status = status_at(e, p_now), next_change_at = next_change(e, status_at(e, p_now))
    WHERE id = e.id;
    PERFORM publish('event.created', event_facts(e, p_now), p_request_id);
    RETURN event_json(e);
END
$$;

-- Change an event from p_version to the next; NULL when it is at another version, refuses
-- event_not_found, event_cancelled.
CREATE FUNCTION change_event(
    p_id bigint, p_version bigint, p_event jsonb, p_now timestamptz, p_request_id text
) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    e events;
BEGIN
    SELECT * INTO e FROM events WHERE id = p_id AND deleted_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM refuse('event_not_found');
    ELSIF e.version <> p_version THEN
        RETURN NULL;
    ELSIF e.cancelled_at IS NOT NULL THEN
        PERFORM refuse('event_cancelled');
    END IF;
    UPDATE events SET
        title = x.title, artist = x.artist, venue = x.venue, description = x.description,
        image_url = x.image_url, search = x.search, search_key = x.search_key,
        search_venue = x.search_venue, search_edition = x.search_edition,
        starts_at = moment(x.starts_at_ms), on_sale_at = moment(x.on_sale_at_ms),
        sale_ends_at = moment(x.sale_ends_at_ms), seats_per_user_max = x.seats_per_user_max,
        version = version + 1, updated_at = p_now
    FROM jsonb_to_record(p_event) AS x (
        title text, artist text, venue text, description text, image_url text, search text,
        search_key text, search_venue text, search_edition text, starts_at_ms bigint,
        on_sale_at_ms bigint, sale_ends_at_ms bigint, seats_per_user_max bigint)
    WHERE id = p_id
    RETURNING events.* INTO e;
    PERFORM publish('event.updated', event_facts(e, p_now), p_request_id);
    PERFORM settle_status(p_id, p_now, p_request_id);
    RETURN event_json(e);
END
$$;

-- Cancel an event; one that is cancelled already stays as it is. Refuses event_not_found.
CREATE FUNCTION cancel_event(
    p_id bigint, p_reason text, p_now timestamptz, p_request_id text
) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    e events;
BEGIN
    SELECT * INTO e FROM events WHERE id = p_id AND deleted_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM refuse('event_not_found');
    ELSIF e.cancelled_at IS NULL THEN
        UPDATE events SET
            cancelled_at = p_now, cancel_reason = p_reason, version = version + 1, updated_at = p_now
        WHERE id = p_id RETURNING * INTO e;
        PERFORM publish(
            'event.cancelled',
            jsonb_build_object('event_id', e.id, 'title', e.title, 'reason', p_reason),
            p_request_id);
        PERFORM settle_status(p_id, p_now, p_request_id);
    END IF;
    RETURN event_json(e);
END
$$;

-- Remove an event that never had seats. p_version NULL: whatever its version. Refuses event_not_found,
-- event_in_use, precondition_failed.
CREATE FUNCTION delete_event(
    p_id bigint, p_version bigint, p_now timestamptz, p_request_id text
) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    e events;
BEGIN
    SELECT * INTO e FROM events WHERE id = p_id AND deleted_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM refuse('event_not_found');
    ELSIF e.version <> p_version THEN
        PERFORM refuse('precondition_failed');
    ELSIF e.seats_version > 0 THEN
        PERFORM refuse('event_in_use');
    END IF;
    UPDATE events SET deleted_at = p_now, next_change_at = NULL WHERE id = p_id;
    PERFORM publish('event.deleted', jsonb_build_object('event_id', e.id), p_request_id);
    RETURN event_json(e);
END
$$;

-- Apply what reservations say of the seats: p_sold is a JSON array of {event_id, seats}, sold or given
-- back (negative); p_generated one of {event_id, version, seats_count, price_min, price_max}. Events
-- that are not ours are passed over. Returns the events that look different now.
CREATE FUNCTION apply_sales(
    p_sold jsonb, p_generated jsonb, p_now timestamptz
) RETURNS bigint[]
LANGUAGE plpgsql AS $$
DECLARE
    x record;
    v_ids bigint[] := '{}';
BEGIN
    FOR x IN
        SELECT id, sum(seats) AS seats, max(version) AS version FROM (
            SELECT (s ->> 'event_id')::bigint AS id, (s ->> 'seats')::bigint AS seats, 0 AS version
            FROM jsonb_array_elements(p_sold) AS s
            UNION ALL
            SELECT (g ->> 'event_id')::bigint, 0, (g ->> 'version')::bigint
            FROM jsonb_array_elements(p_generated) AS g
        ) AS told GROUP BY id ORDER BY id
    LOOP
        UPDATE events SET sold_count = sold_count + x.seats
        WHERE id = x.id AND deleted_at IS NULL;
        CONTINUE WHEN NOT FOUND;
        UPDATE events AS e SET
            seats_version = x.version, seats_count = (g ->> 'seats_count')::bigint,
            price_min = (g ->> 'price_min')::bigint, price_max = (g ->> 'price_max')::bigint
        FROM jsonb_array_elements(p_generated) AS g
        WHERE e.id = x.id AND (g ->> 'event_id')::bigint = x.id
            AND (g ->> 'version')::bigint = x.version AND e.seats_version < x.version;
        IF settle_status(x.id, p_now, '') OR x.version > 0 THEN
            v_ids := v_ids || x.id;
        END IF;
    END LOOP;
    RETURN v_ids;
END
$$;
