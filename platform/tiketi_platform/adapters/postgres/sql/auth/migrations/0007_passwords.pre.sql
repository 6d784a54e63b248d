-- Changing a password, and setting a new one by a token that was sent by mail. Only hashes are kept.

CREATE TABLE password_resets (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);
CREATE INDEX password_resets_by_user ON password_resets (user_id);
CREATE INDEX password_resets_by_expiry ON password_resets (expires_at);

-- Set a password whose predecessor was checked, end every session and begin a new one; refuses
-- bad_credentials when the password has been changed in the meantime.
CREATE FUNCTION change_password(
    p_user_id bigint, p_checked_hash text, p_new_hash text,
    p_token_hash bytea, p_ttl_s bigint, p_device text, p_address text, p_account_key text
) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE users SET password_hash = p_new_hash
    WHERE id = p_user_id AND password_hash IS NOT DISTINCT FROM p_checked_hash AND disabled_at IS NULL;
    IF NOT FOUND THEN
        PERFORM refuse('bad_credentials');
    END IF;
    DELETE FROM login_failures WHERE key = p_account_key;
    DELETE FROM password_resets WHERE user_id = p_user_id;
    PERFORM end_sessions(p_user_id);
    RETURN session_json(
        p_user_id, begin_session(p_user_id, p_token_hash, p_ttl_s, p_device, p_address));
END
$$;

-- Keep a reset token for the account with this e-mail and say so; nothing happens where there is none or it
-- is disabled. The token travels in the message: it is what the mail is for, good once and not for long.
CREATE FUNCTION request_reset(
    p_email text, p_token text, p_token_hash bytea, p_ttl_s bigint, p_request_id text
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_user users;
    v_expires_at timestamptz := clock_timestamp() + make_interval(secs => p_ttl_s);
BEGIN
    SELECT * INTO v_user FROM users
    WHERE lower(email COLLATE "C") = lower(p_email COLLATE "C") AND disabled_at IS NULL
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    -- The newest mail is the one that counts.
    DELETE FROM password_resets WHERE user_id = v_user.id;
    INSERT INTO password_resets (token_hash, user_id, expires_at)
    VALUES (p_token_hash, v_user.id, v_expires_at);
    PERFORM publish(
        'user.password_reset_requested',
        jsonb_build_object(
            'user_id', v_user.id, 'token', p_token, 'ttl_minutes', p_ttl_s / 60,
            'expires_at', to_char(v_expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')),
        p_request_id);
END
$$;

-- Refuses token_invalid and token_expired for a reset token that is no good.
CREATE FUNCTION check_reset(p_token_hash bytea) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_expires_at timestamptz;
BEGIN
    SELECT expires_at INTO v_expires_at FROM password_resets WHERE token_hash = p_token_hash;
    IF NOT FOUND THEN
        PERFORM refuse('token_invalid');
    ELSIF v_expires_at <= clock_timestamp() THEN
        PERFORM refuse('token_expired');
    END IF;
END
$$;

-- Set a password by a reset token, which is spent by it, and end every session; refuses token_invalid and
-- token_expired. Failures are forgotten: whoever reads the mail of the account is its owner.
CREATE FUNCTION reset_password(p_token_hash bytea, p_new_hash text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_user_id bigint;
    v_email text;
BEGIN
    -- The user's lock first, as whoever asks for another mail takes it.
    PERFORM 1 FROM users
    WHERE id = (SELECT user_id FROM password_resets WHERE token_hash = p_token_hash)
    FOR NO KEY UPDATE;
    PERFORM check_reset(p_token_hash);
    DELETE FROM password_resets WHERE token_hash = p_token_hash RETURNING user_id INTO v_user_id;
    UPDATE users SET password_hash = p_new_hash
    WHERE id = v_user_id AND disabled_at IS NULL
    RETURNING lower(email COLLATE "C") INTO v_email;
    IF NOT FOUND THEN
        PERFORM refuse('token_invalid');
    END IF;
    DELETE FROM login_failures WHERE key = 'account:' || v_email;
    PERFORM end_sessions(v_user_id);
END
$$;
