-- What was removed is gone for its key, too; seats that come for a removed event are told of; an image can be
-- taken away; and cancelling may name the version it is meant for.

-- The key of what was removed is free: the same file imported again makes anew what is not there.
UPDATE events SET idempotency_key = NULL WHERE deleted_at IS NOT NULL;
UPDATE news SET idempotency_key = NULL WHERE deleted_at IS NOT NULL;

-- Announce an event, or return the one that the same request announced before; refuses
-- idempotency_key_reused. p_event has the names of the core's model and the three search columns.
CREATE OR REPLACE FUNCTION announce_event(
    p_event jsonb, p_created_by bigint, p_key text, p_request_hash bytea,
    p_now timestamptz, p_request_id text
) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    e events;
BEGIN
    LOOP
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
        EXIT WHEN FOUND;
        SELECT * INTO e FROM events WHERE created_by = p_created_by AND idempotency_key = p_key;
        -- Not there any more: it was removed in this moment, and its key is free.
        CONTINUE WHEN NOT FOUND;
        IF e.request_hash <> p_request_hash THEN
            PERFORM refuse('idempotency_key_reused');
        END IF;
        RETURN event_json(e);
    END LOOP;
    UPDATE events SET
        announced_status = status_at(e, p_now), next_change_at = next_change(e, status_at(e, p_now))
    WHERE id = e.id;
    PERFORM publish('event.created', event_facts(e, p_now), p_request_id);
    RETURN event_json(e);
END
$$;

-- Publish news, or return what the same request published before; refuses idempotency_key_reused.
CREATE OR REPLACE FUNCTION publish_news(
    p_title text, p_body text, p_is_pinned boolean, p_image_url text, p_created_by bigint,
    p_key text, p_request_hash bytea, p_now timestamptz
) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    n news;
BEGIN
    LOOP
        INSERT INTO news (
            title, body, is_pinned, image_url, created_by, idempotency_key, request_hash, created_at,
            updated_at)
        VALUES (
            p_title, p_body, p_is_pinned, p_image_url, p_created_by, p_key, p_request_hash, p_now, p_now)
        ON CONFLICT ON CONSTRAINT news_once DO NOTHING
        RETURNING * INTO n;
        EXIT WHEN FOUND;
        SELECT * INTO n FROM news WHERE created_by = p_created_by AND idempotency_key = p_key;
        -- Not there any more: it was removed in this moment, and its key is free.
        CONTINUE WHEN NOT FOUND;
        IF n.request_hash <> p_request_hash THEN
            PERFORM refuse('idempotency_key_reused');
        END IF;
        EXIT;
    END LOOP;
    RETURN news_json(n);
END
$$;

-- Remove an event that never had seats. p_version NULL: whatever its version. Refuses event_not_found,
-- event_in_use, precondition_failed.
CREATE OR REPLACE FUNCTION delete_event(
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
    UPDATE events SET deleted_at = p_now, next_change_at = NULL, idempotency_key = NULL
    WHERE id = p_id;
    PERFORM publish('event.deleted', jsonb_build_object('event_id', e.id), p_request_id);
    RETURN event_json(e);
END
$$;

-- Change news; NULL leaves a field as it is, an empty image takes it away, p_version NULL means whatever
-- the version. Refuses news_not_found, precondition_failed.
CREATE OR REPLACE FUNCTION change_news(
    p_id bigint, p_version bigint, p_title text, p_body text, p_is_pinned boolean,
    p_image_url text, p_is_deleted boolean, p_now timestamptz
) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    n news;
BEGIN
    SELECT * INTO n FROM news WHERE id = p_id AND deleted_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM refuse('news_not_found');
    ELSIF n.version <> p_version THEN
        PERFORM refuse('precondition_failed');
    END IF;
    UPDATE news SET
        title = coalesce(p_title, title), body = coalesce(p_body, body),
        is_pinned = coalesce(p_is_pinned, is_pinned), image_url = nullif(coalesce(p_image_url, image_url), ''),
        deleted_at = CASE WHEN p_is_deleted THEN p_now END,
        idempotency_key = CASE WHEN NOT p_is_deleted THEN idempotency_key END, version = version + 1, updated_at = p_now
    WHERE id = p_id RETURNING * INTO n;
    RETURN news_json(n);
END
$$;

-- Cancel an event, whatever its version where p_version is NULL; one that is cancelled already stays as it
-- is. Refuses event_not_found, precondition_failed.
CREATE FUNCTION cancel_event(
    p_id bigint, p_version bigint, p_reason text, p_now timestamptz, p_request_id text
) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    e events;
BEGIN
    SELECT * INTO e FROM events WHERE id = p_id AND deleted_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM refuse('event_not_found');
    ELSIF e.cancelled_at IS NULL THEN
        IF e.version <> p_version THEN
            PERFORM refuse('precondition_failed');
        END IF;
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

-- Apply what reservations say of the seats: p_sold is a JSON array of {event_id, seats}, sold or given
-- back (negative); p_generated one of {event_id, version, seats_count, price_min, price_max}. Events
-- that are not ours are passed over. Returns the events that look different now.
CREATE OR REPLACE FUNCTION apply_sales(
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
        IF NOT FOUND THEN
            -- It got seats while it was removed: whoever sold of them meanwhile has to hear of it again.
            IF x.version > 0 AND EXISTS (SELECT 1 FROM events WHERE id = x.id) THEN
                PERFORM publish('event.deleted', jsonb_build_object('event_id', x.id), '');
            END IF;
            CONTINUE;
        END IF;
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
