-- Whoever asks for a reset mail is answered before anybody looks whether there is such an account: the request
-- is one row in either case, so that not even the time it takes tells. What is published is the token as sealed
-- for the service that sends mail (docs/decisions); here its hash is kept, and nothing it could be made from.

CREATE TABLE reset_requests (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL,
    request_id text NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Answer the oldest request: keep a token and say so, where there is such an account and the request is not
-- older than the token would live. Returns whether there was a request.
CREATE FUNCTION answer_reset(p_sealed text, p_token_hash bytea, p_ttl_s bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    v_asked reset_requests;
BEGIN
    DELETE FROM reset_requests WHERE id = (
        SELECT id FROM reset_requests ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING * INTO v_asked;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF v_asked.asked_at > clock_timestamp() - make_interval(secs => p_ttl_s) THEN
        PERFORM request_reset(v_asked.email, p_sealed, p_token_hash, p_ttl_s, v_asked.request_id);
    END IF;
    RETURN true;
END
$$;
