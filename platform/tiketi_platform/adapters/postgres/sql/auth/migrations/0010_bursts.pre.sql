-- Counting and refusing are one step under the key's lock, so that of many tries at once no more are free than
-- of the same tries one after the other. The functions of before stay for the release that is still running.

ALTER TABLE login_failures DROP CONSTRAINT login_failures_key_check;
ALTER TABLE login_failures ADD CHECK (key ~ '^(account|address|reset|mailing|signup):');

-- Count one more under a key: the first `p_free` cost nothing, then the wait doubles from 1 s to
-- `p_delay_max_s`. It is forgotten `p_kept_s` after the last one. Refuses rate_limited while the key has to
-- wait, and counts nothing then: who is refused has learnt nothing, and makes nobody wait longer.
CREATE FUNCTION count_or_refuse(p_key text, p_free bigint, p_delay_max_s bigint, p_kept_s bigint) RETURNS void
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
                secs => least(p_delay_max_s, 2 ^ least(f.failures - p_free, 30))) END
    WHERE f.blocked_until <= v_now;
    IF NOT FOUND THEN
        PERFORM refuse('rate_limited', jsonb_build_object('retry_after_s', (
            SELECT greatest(1, ceil(extract(epoch FROM blocked_until - clock_timestamp())))
            FROM login_failures WHERE key = p_key)));
    END IF;
END
$$;

-- Set a password whose predecessor was checked; refuses what the function of before does, and rate_limited when
-- the limit was reached while it was being checked: a burst of guesses that holds the right one gains nothing.
CREATE FUNCTION change_password(
    p_user_id bigint, p_checked_hash text, p_new_hash text,
    p_token_hash bytea, p_ttl_s bigint, p_device text, p_address text,
    p_account_key text, p_address_key text
) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM check_failures(p_account_key, p_address_key);
    RETURN change_password(
        p_user_id, p_checked_hash, p_new_hash, p_token_hash, p_ttl_s, p_device, p_address, p_account_key);
END
$$;

-- Spent tokens are kept to see them used again, and are nothing once they would have expired.
CREATE INDEX refresh_tokens_spent ON refresh_tokens (expires_at) WHERE spent_at IS NOT NULL;
