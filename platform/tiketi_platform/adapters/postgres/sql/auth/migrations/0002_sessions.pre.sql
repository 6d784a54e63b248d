-- Sessions: a family of refresh tokens, of which exactly the newest is good, once. Only hashes are kept.
-- Whoever changes a session locks its family first, so that no token slips past a revocation.

CREATE TABLE refresh_families (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX refresh_families_by_user ON refresh_families (user_id);
CREATE INDEX refresh_families_by_expiry ON refresh_families (expires_at);

CREATE TABLE refresh_tokens (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    family_id bigint NOT NULL REFERENCES refresh_families ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    spent_at timestamptz
);
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family_id);

-- Begin a session of a user with its first token.
CREATE FUNCTION begin_session(p_user_id bigint, p_token_hash bytea, p_ttl_s bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_expires_at timestamptz := clock_timestamp() + make_interval(secs => p_ttl_s);
    v_family_id bigint;
BEGIN
    INSERT INTO refresh_families (user_id, expires_at) VALUES (p_user_id, v_expires_at)
    RETURNING id INTO v_family_id;
    INSERT INTO refresh_tokens (token_hash, family_id, expires_at)
    VALUES (p_token_hash, v_family_id, v_expires_at);
END
$$;

-- Spend a token for the next of its family. The verdict is one of ok, invalid, expired, reused; it is
-- returned and not raised, because reuse revokes the family and that must last.
CREATE FUNCTION rotate_token(p_token_hash bytea, p_next_hash bytea, p_ttl_s bigint) RETURNS jsonb
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
        UPDATE refresh_families SET revoked_at = coalesce(revoked_at, v_now)
        WHERE id = v_family.id;
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
    UPDATE refresh_families SET expires_at = v_expires_at WHERE id = v_family.id;
    RETURN jsonb_build_object(
        'verdict', 'ok',
        'account', (SELECT user_json(u) FROM users AS u WHERE id = v_family.user_id));
END
$$;

-- Open an account with its first session; refuses email_taken.
CREATE FUNCTION register_user(
    p_email text, p_password_hash text, p_name text, p_phone text,
    p_token_hash bytea, p_ttl_s bigint, p_request_id text
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
    PERFORM begin_session(v_user.id, p_token_hash, p_ttl_s);
    PERFORM publish(
        'user.registered',
        jsonb_build_object('user_id', v_user.id, 'email', v_user.email, 'name', v_user.name),
        p_request_id);
    RETURN user_json(v_user);
END
$$;

-- Make an account an administrator with this password; an account that was there loses its sessions.
CREATE FUNCTION put_admin(p_email text, p_password_hash text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_user_id bigint;
BEGIN
    INSERT INTO users AS u (email, password_hash, name, role)
    VALUES (p_email, p_password_hash, 'Administrator', 'admin')
    ON CONFLICT (lower(email COLLATE "C")) DO UPDATE
        SET password_hash = p_password_hash, role = 'admin',
            token_version = u.token_version + 1, updated_at = clock_timestamp()
    RETURNING id INTO v_user_id;
    UPDATE refresh_families SET revoked_at = clock_timestamp()
    WHERE user_id = v_user_id AND revoked_at IS NULL;
END
$$;
