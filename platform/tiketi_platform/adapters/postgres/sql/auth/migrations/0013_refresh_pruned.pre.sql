-- A spent token that has ended may be forgotten while its refresh waits for the session: then it is unknown.

CREATE OR REPLACE FUNCTION rotate_token(
    p_token_hash bytea, p_next_hash bytea, p_ttl_s bigint, p_address text, p_repeat_s bigint
) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz;
    v_expires_at timestamptz;
    v_family refresh_families;
    v_token refresh_tokens;
BEGIN
    SELECT f.* INTO v_family FROM refresh_families AS f
    WHERE f.id = (SELECT family_id FROM refresh_tokens WHERE token_hash = p_token_hash)
    FOR UPDATE;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('verdict', 'invalid');
    END IF;
    SELECT * INTO v_token FROM refresh_tokens WHERE token_hash = p_token_hash;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('verdict', 'invalid');
    END IF;
    v_now := clock_timestamp();
    IF v_token.spent_at IS NOT NULL THEN
        IF v_family.revoked_at IS NULL
            AND v_token.spent_at > v_now - make_interval(secs => p_repeat_s)
            AND EXISTS (
                SELECT 1 FROM refresh_tokens
                WHERE token_hash = p_next_hash AND family_id = v_family.id AND spent_at IS NULL)
        THEN
            RETURN jsonb_build_object(
                'verdict', 'ok', 'session', session_json(v_family.user_id, v_family.id));
        END IF;
        PERFORM end_family(v_family.id);
        RETURN jsonb_build_object('verdict', 'reused');
    ELSIF v_family.revoked_at IS NOT NULL THEN
        RETURN jsonb_build_object('verdict', 'invalid');
    ELSIF v_token.expires_at <= v_now THEN
        RETURN jsonb_build_object('verdict', 'expired');
    END IF;
    v_expires_at := v_now + make_interval(secs => p_ttl_s);
    UPDATE refresh_tokens SET spent_at = v_now WHERE token_hash = p_token_hash;
    INSERT INTO refresh_tokens (token_hash, family_id, expires_at)
    VALUES (p_next_hash, v_family.id, v_expires_at);
    UPDATE refresh_families
    SET expires_at = v_expires_at, last_used_at = v_now, address = p_address
    WHERE id = v_family.id;
    RETURN jsonb_build_object(
        'verdict', 'ok', 'session', session_json(v_family.user_id, v_family.id));
END
$$;
