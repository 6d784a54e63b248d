-- Sessions that say where they are used, tokens that say which session and version they belong to. The
-- functions of before stay for the release that is still running; these take more arguments.

-- What a token is made of.
CREATE FUNCTION session_json(p_user_id bigint, p_session_id bigint) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('account', account_json(u), 'session_id', p_session_id)
    FROM users AS u WHERE id = p_user_id
$$;

-- Begin a session of a user with its first token.
CREATE FUNCTION begin_session(
    p_user_id bigint, p_token_hash bytea, p_ttl_s bigint, p_device text, p_address text
) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_expires_at timestamptz := clock_timestamp() + make_interval(secs => p_ttl_s);
    v_family_id bigint;
BEGIN
    INSERT INTO refresh_families (user_id, expires_at, device, address)
    VALUES (p_user_id, v_expires_at, p_device, p_address)
    RETURNING id INTO v_family_id;
    INSERT INTO refresh_tokens (token_hash, family_id, expires_at)
    VALUES (p_token_hash, v_family_id, v_expires_at);
    RETURN v_family_id;
END
$$;

-- Open an account with its first session; refuses email_taken.
CREATE FUNCTION register_user(
    p_email text, p_password_hash text, p_name text, p_phone text,
    p_token_hash bytea, p_ttl_s bigint, p_device text, p_address text, p_request_id text
) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    v_user users;
BEGIN
    INSERT INTO users (email, password_hash, name, phone)
    VALUES (p_email, p_password_hash, p_name, p_phone)
    ON CONFLICT (lower(email COLLATE "C")) DO NOTHING
    RETURNING * INTO v_user;
    IF NOT FOUND THEN
        PERFORM refuse('email_taken');
    END IF;
    PERFORM publish(
        'user.registered',
        jsonb_build_object('user_id', v_user.id, 'email', v_user.email, 'name', v_user.name),
        p_request_id);
    RETURN session_json(
        v_user.id, begin_session(v_user.id, p_token_hash, p_ttl_s, p_device, p_address));
END
$$;

-- Begin a session of a user whose password was right. What may have changed while it was being checked is
-- looked at again under a lock: refuses rate_limited, bad_credentials and account_disabled.
CREATE FUNCTION open_session(
    p_user_id bigint, p_checked_hash text, p_new_hash text,
    p_token_hash bytea, p_ttl_s bigint, p_device text, p_address text,
    p_account_key text, p_address_key text
) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    v_user users;
BEGIN
    PERFORM check_failures(p_account_key, p_address_key);
    SELECT * INTO v_user FROM users WHERE id = p_user_id FOR NO KEY UPDATE;
    IF v_user.password_hash IS DISTINCT FROM p_checked_hash THEN
        PERFORM refuse('bad_credentials');
    ELSIF v_user.disabled_at IS NOT NULL THEN
        PERFORM refuse('account_disabled');
    END IF;
    DELETE FROM login_failures WHERE key = p_account_key;
    IF p_new_hash IS NOT NULL THEN
        UPDATE users SET password_hash = p_new_hash WHERE id = p_user_id;
    END IF;
    RETURN session_json(
        p_user_id, begin_session(p_user_id, p_token_hash, p_ttl_s, p_device, p_address));
END
$$;

-- Spend a token for the next of its family. The verdict is one of ok, invalid, expired, reused; it is
-- returned and not raised, because reuse ends the session and that must last.
CREATE FUNCTION rotate_token(
    p_token_hash bytea, p_next_hash bytea, p_ttl_s bigint, p_address text
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
    SELECT * INTO STRICT v_token FROM refresh_tokens WHERE token_hash = p_token_hash;
    v_now := clock_timestamp();
    IF v_token.spent_at IS NOT NULL THEN
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
