-- Access tokens that end before their time: the feed every verifier follows, and what writes to it. A token
-- carries its user's version (`ver`) and its session (`sid`); raising the one or ending the other ends it.

CREATE TABLE revocations (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The transaction that wrote the line: a reader goes on from the oldest that had not ended when it looked.
    xact bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
    user_id bigint,
    token_version bigint,
    session_id bigint,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK ((user_id IS NULL) = (token_version IS NULL)),
    CHECK ((user_id IS NULL) <> (session_id IS NULL))
);
CREATE INDEX revocations_by_xact ON revocations (xact, seq);
CREATE INDEX revocations_by_age ON revocations (created_at);

ALTER TABLE users ADD COLUMN disabled_at timestamptz;
ALTER TABLE refresh_families
    ADD COLUMN device text NOT NULL DEFAULT '',
    ADD COLUMN address text NOT NULL DEFAULT '',
    ADD COLUMN last_used_at timestamptz NOT NULL DEFAULT clock_timestamp();

CREATE FUNCTION to_ms(moment timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$ SELECT floor(extract(epoch FROM moment) * 1000)::bigint $$;

CREATE FUNCTION account_json(u users) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'id', u.id, 'email', u.email, 'name', u.name, 'phone', u.phone, 'role', u.role,
        'provider', u.provider, 'profile_image', u.profile_image, 'token_version', u.token_version,
        'created_at_ms', to_ms(u.created_at), 'disabled_at_ms', to_ms(u.disabled_at))
$$;

-- End a session, its access tokens with it; whether it was open. The family's lock is its own row's.
CREATE FUNCTION end_family(p_family_id bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE refresh_families SET revoked_at = clock_timestamp()
    WHERE id = p_family_id AND revoked_at IS NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO revocations (session_id) VALUES (p_family_id);
    RETURN true;
END
$$;

-- End every access token a user has; the user's row is locked by it, so that no login slips in between.
CREATE FUNCTION revoke_tokens(p_user_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_version bigint;
BEGIN
    UPDATE users SET token_version = token_version + 1, updated_at = clock_timestamp()
    WHERE id = p_user_id
    RETURNING token_version INTO v_version;
    IF FOUND THEN
        INSERT INTO revocations (user_id, token_version) VALUES (p_user_id, v_version);
    END IF;
END
$$;

-- End every session of a user and every access token.
CREATE FUNCTION end_sessions(p_user_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM revoke_tokens(p_user_id);
    UPDATE refresh_families SET revoked_at = clock_timestamp()
    WHERE user_id = p_user_id AND revoked_at IS NULL;
END
$$;

-- Change the role of an account or disable it (NULL leaves it as it is); NULL when there is none. Its tokens
-- end with the change; refuses last_admin. Administrators are locked in id order, so that the last two
-- cannot demote each other at once.
CREATE FUNCTION update_account(p_user_id bigint, p_role text, p_disabled boolean) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    v_was users;
    v_now users;
BEGIN
    PERFORM 1 FROM users WHERE role = 'admin' AND disabled_at IS NULL OR id = p_user_id
    ORDER BY id FOR NO KEY UPDATE;
    SELECT * INTO v_was FROM users WHERE id = p_user_id;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    UPDATE users SET
        role = coalesce(p_role, role),
        disabled_at = CASE
            WHEN p_disabled IS NULL THEN disabled_at
            WHEN p_disabled THEN coalesce(disabled_at, clock_timestamp()) END
    WHERE id = p_user_id
    RETURNING * INTO v_now;
    IF NOT EXISTS (SELECT FROM users WHERE role = 'admin' AND disabled_at IS NULL)
        AND v_was.role = 'admin' AND v_was.disabled_at IS NULL
    THEN
        PERFORM refuse('last_admin');
    END IF;
    IF v_now.disabled_at IS NOT NULL AND v_was.disabled_at IS NULL THEN
        PERFORM end_sessions(p_user_id);
    ELSIF v_now.role <> v_was.role THEN
        PERFORM revoke_tokens(p_user_id);
    END IF;
    RETURN (SELECT account_json(u) FROM users AS u WHERE id = p_user_id);
END
$$;

-- Make an account an administrator with this password; an account that was there loses its sessions.
CREATE OR REPLACE FUNCTION put_admin(p_email text, p_password_hash text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_user_id bigint;
    v_is_new boolean;
BEGIN
    INSERT INTO users AS u (email, password_hash, name, role)
    VALUES (p_email, p_password_hash, 'Administrator', 'admin')
    ON CONFLICT (lower(email COLLATE "C")) DO UPDATE
        SET password_hash = p_password_hash, role = 'admin', disabled_at = NULL
    RETURNING id, xmax = 0 INTO v_user_id, v_is_new;
    IF NOT v_is_new THEN
        PERFORM end_sessions(v_user_id);
    END IF;
END
$$;
