-- Wrong passwords make the next try wait longer and longer, per account and per address. How long is the
-- core's to say (rules.py); here it is only remembered. A right password forgets the account's count.

ALTER TABLE login_failures ADD COLUMN blocked_until timestamptz NOT NULL DEFAULT '-infinity';
ALTER TABLE login_failures DROP CONSTRAINT login_failures_key_check;
ALTER TABLE login_failures ADD CHECK (key ~ '^(account|address|reset|mailing):');

-- Refuses rate_limited while the account or the address has to wait.
CREATE FUNCTION check_failures(p_account_key text, p_address_key text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_until timestamptz;
BEGIN
    SELECT max(blocked_until) INTO v_until FROM login_failures
    WHERE key IN (p_account_key, p_address_key) AND blocked_until > clock_timestamp();
    IF v_until IS NOT NULL THEN
        PERFORM refuse('rate_limited', jsonb_build_object(
            'retry_after_s', greatest(1, ceil(extract(epoch FROM v_until - clock_timestamp())))));
    END IF;
END
$$;

-- The account whose password is to be checked, NULL for an unknown e-mail; refuses rate_limited.
CREATE FUNCTION login_candidate(p_email text, p_account_key text, p_address_key text) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM check_failures(p_account_key, p_address_key);
    RETURN (
        SELECT jsonb_build_object('account', account_json(u), 'password_hash', u.password_hash)
        FROM users AS u WHERE lower(email COLLATE "C") = lower(p_email COLLATE "C"));
END
$$;

-- Count one failure under a key: the first `p_free` cost nothing, then the wait doubles from 1 s to
-- `p_delay_max_s`. It is forgotten `p_kept_s` after the last one.
CREATE FUNCTION count_failed(p_key text, p_free bigint, p_delay_max_s bigint, p_kept_s bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
BEGIN
    INSERT INTO login_failures AS f (key, failures, ends_at, blocked_until)
    VALUES (p_key, 1, v_now + make_interval(secs => p_kept_s),
        CASE WHEN p_free > 0 THEN '-infinity' ELSE v_now + interval '1 second' END)
    ON CONFLICT (key) DO UPDATE SET
        failures = CASE WHEN f.ends_at <= v_now THEN 1 ELSE f.failures + 1 END,
        ends_at = excluded.ends_at,
        blocked_until = CASE
            WHEN f.ends_at <= v_now OR f.failures + 1 <= p_free THEN excluded.blocked_until
            ELSE v_now + make_interval(
                secs => least(p_delay_max_s, 2 ^ least(f.failures - p_free, 30))) END;
END
$$;
