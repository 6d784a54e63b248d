-- Wrong passwords, counted per account and per address in windows that begin with the first of them.
-- Only failures are counted: who knows the password is never slowed down by having logged in often.

CREATE TABLE login_failures (
    key text PRIMARY KEY CHECK (key LIKE 'account:%' OR key LIKE 'address:%'),
    failures bigint NOT NULL CHECK (failures > 0),
    ends_at timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX login_failures_by_end ON login_failures (ends_at);

-- Refuses rate_limited when the account or the address has failed too often in its window.
CREATE FUNCTION check_failures(
    p_account_key text, p_account_max bigint, p_address_key text, p_address_max bigint
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_ends_at timestamptz;
BEGIN
    SELECT max(ends_at) INTO v_ends_at FROM login_failures
    WHERE (key = p_account_key AND failures >= p_account_max
            OR key = p_address_key AND failures >= p_address_max)
        AND ends_at > clock_timestamp();
    IF v_ends_at IS NOT NULL THEN
        PERFORM refuse('rate_limited', jsonb_build_object(
            'retry_after_s',
            greatest(1, ceil(extract(epoch FROM v_ends_at - clock_timestamp())))));
    END IF;
END
$$;

-- The account whose password is to be checked, NULL for an unknown e-mail; refuses rate_limited.
CREATE FUNCTION login_candidate(
    p_email text,
    p_account_key text, p_account_max bigint, p_address_key text, p_address_max bigint
) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM check_failures(p_account_key, p_account_max, p_address_key, p_address_max);
    RETURN (
        SELECT jsonb_build_object('account', user_json(u), 'password_hash', u.password_hash)
        FROM users AS u WHERE lower(email COLLATE "C") = lower(p_email COLLATE "C"));
END
$$;

-- Count a wrong password, always in this order: the account, then the address.
CREATE FUNCTION count_failure(
    p_account_key text, p_account_window_s bigint, p_address_key text, p_address_window_s bigint
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
BEGIN
    INSERT INTO login_failures AS f (key, failures, ends_at)
    VALUES
        (p_account_key, 1, v_now + make_interval(secs => p_account_window_s)),
        (p_address_key, 1, v_now + make_interval(secs => p_address_window_s))
    ON CONFLICT (key) DO UPDATE SET
        failures = CASE WHEN f.ends_at <= v_now THEN 1 ELSE f.failures + 1 END,
        ends_at = CASE WHEN f.ends_at <= v_now THEN excluded.ends_at ELSE f.ends_at END;
END
$$;

-- Begin a session of a user whose password was right; refuses rate_limited when the limit was reached
-- while it was being checked, so that guessing many at once gains nothing.
CREATE FUNCTION open_session(
    p_user_id bigint, p_token_hash bytea, p_ttl_s bigint, p_new_hash text,
    p_account_key text, p_account_max bigint, p_address_key text, p_address_max bigint
) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM check_failures(p_account_key, p_account_max, p_address_key, p_address_max);
    DELETE FROM login_failures WHERE key = p_account_key;
    IF p_new_hash IS NOT NULL THEN
        UPDATE users SET password_hash = p_new_hash WHERE id = p_user_id;
    END IF;
    PERFORM begin_session(p_user_id, p_token_hash, p_ttl_s);
END
$$;
