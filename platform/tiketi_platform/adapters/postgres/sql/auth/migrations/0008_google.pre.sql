-- Google accounts that may log in to an account of ours, by Google's own number of them: an e-mail may change
-- hands, a number does not.

CREATE TABLE google_identities (
    subject text PRIMARY KEY CHECK (length(subject) BETWEEN 1 AND 255),
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    email text NOT NULL,
    linked_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX google_identities_by_user ON google_identities (user_id);

-- Begin a session of the account a Google account may log in to; an account is opened for one that is new.
-- NULL when another account has the e-mail: its password must be given first. Refuses account_disabled.
CREATE FUNCTION enter_by_google(
    p_subject text, p_email text, p_name text, p_picture text,
    p_token_hash bytea, p_ttl_s bigint, p_device text, p_address text, p_request_id text
) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    v_user users;
BEGIN
    SELECT u.* INTO v_user FROM users AS u
    JOIN google_identities AS g ON g.user_id = u.id WHERE g.subject = p_subject;
    IF NOT FOUND THEN
        INSERT INTO users (email, name, profile_image, provider)
        VALUES (p_email, p_name, p_picture, 'GOOGLE')
        ON CONFLICT (lower(email COLLATE "C")) DO NOTHING
        RETURNING * INTO v_user;
        IF FOUND THEN
            INSERT INTO google_identities (subject, user_id, email)
            VALUES (p_subject, v_user.id, p_email);
            PERFORM publish(
                'user.registered',
                jsonb_build_object('user_id', v_user.id, 'email', v_user.email, 'name', v_user.name),
                p_request_id);
        ELSE
            -- The same person may have come through another door a moment ago.
            SELECT u.* INTO v_user FROM users AS u
            JOIN google_identities AS g ON g.user_id = u.id WHERE g.subject = p_subject;
            IF NOT FOUND THEN
                RETURN NULL;
            END IF;
        END IF;
    END IF;
    SELECT * INTO v_user FROM users WHERE id = v_user.id FOR NO KEY UPDATE;
    IF v_user.disabled_at IS NOT NULL THEN
        PERFORM refuse('account_disabled');
    END IF;
    RETURN session_json(
        v_user.id, begin_session(v_user.id, p_token_hash, p_ttl_s, p_device, p_address));
END
$$;

-- Begin a session by a password that was right and let a Google account log in from now on; refuses what
-- open_session refuses, and token_invalid when that Google account belongs to somebody else by now.
CREATE FUNCTION link_google(
    p_user_id bigint, p_checked_hash text, p_subject text, p_email text,
    p_token_hash bytea, p_ttl_s bigint, p_device text, p_address text,
    p_account_key text, p_address_key text
) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    v_session jsonb := open_session(
        p_user_id, p_checked_hash, NULL, p_token_hash, p_ttl_s, p_device, p_address,
        p_account_key, p_address_key);
BEGIN
    INSERT INTO google_identities (subject, user_id, email) VALUES (p_subject, p_user_id, p_email)
    ON CONFLICT (subject) DO NOTHING;
    IF (SELECT user_id FROM google_identities WHERE subject = p_subject) <> p_user_id THEN
        PERFORM refuse('token_invalid');
    END IF;
    RETURN v_session;
END
$$;
