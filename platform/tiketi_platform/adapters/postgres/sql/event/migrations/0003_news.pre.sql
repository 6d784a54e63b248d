-- News of the house, pinned first, and the images that events and news show. Images are kept elsewhere
-- under the hash of their content; here is what is known of them.

CREATE TABLE news (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    title text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    body text NOT NULL CHECK (length(body) <= 5000),
    is_pinned boolean NOT NULL,
    image_url text CHECK (length(image_url) <= 500),
    created_by bigint NOT NULL,
    idempotency_key text,
    request_hash bytea NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    -- Without a key nothing is ever the same: NULLs are distinct.
    CONSTRAINT news_once UNIQUE (created_by, idempotency_key)
);
CREATE INDEX news_in_order ON news (is_pinned, id) WHERE deleted_at IS NULL;

CREATE FUNCTION news_json(n news) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'id', n.id, 'title', n.title, 'body', n.body, 'is_pinned', n.is_pinned,
        'image_url', n.image_url, 'version', n.version, 'created_at_ms', epoch_ms(n.created_at),
        'updated_at_ms', epoch_ms(n.updated_at))
$$;

-- Publish news, or return what the same request published before; refuses idempotency_key_reused.
CREATE FUNCTION publish_news(
    p_title text, p_body text, p_is_pinned boolean, p_image_url text, p_created_by bigint,
    p_key text, p_request_hash bytea, p_now timestamptz
) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    n news;
BEGIN
    INSERT INTO news (
        title, body, is_pinned, image_url, created_by, idempotency_key, request_hash, created_at,
        updated_at)
    VALUES (
        p_title, p_body, p_is_pinned, p_image_url, p_created_by, p_key, p_request_hash, p_now, p_now)
    ON CONFLICT ON CONSTRAINT news_once DO NOTHING
    RETURNING * INTO n;
    IF NOT FOUND THEN
        SELECT * INTO STRICT n FROM news WHERE created_by = p_created_by AND idempotency_key = p_key;
        IF n.request_hash <> p_request_hash THEN
            PERFORM refuse('idempotency_key_reused');
        END IF;
    END IF;
    RETURN news_json(n);
END
$$;

-- Change news; NULL leaves a field as it is, p_version NULL means whatever the version. Refuses
-- news_not_found, precondition_failed.
CREATE FUNCTION change_news(
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
        is_pinned = coalesce(p_is_pinned, is_pinned), image_url = coalesce(p_image_url, image_url),
        deleted_at = CASE WHEN p_is_deleted THEN p_now END, version = version + 1, updated_at = p_now
    WHERE id = p_id RETURNING * INTO n;
    RETURN news_json(n);
END
$$;

CREATE TABLE images (
    name text PRIMARY KEY,
    content_type text NOT NULL,
    width integer NOT NULL CHECK (width > 0),
    height integer NOT NULL CHECK (height > 0),
    bytes_count integer NOT NULL CHECK (bytes_count > 0),
    -- An array of {name, width, height, bytes_count}, the smallest first.
    variants jsonb NOT NULL,
    uploaded_by bigint NOT NULL,
    uploaded_at timestamptz NOT NULL
);
