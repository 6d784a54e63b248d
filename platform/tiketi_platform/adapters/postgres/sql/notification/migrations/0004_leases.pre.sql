-- Limits that hold over all replicas, one delivery by hand a key, and devices in bounds.

-- Until when a sender has it; NULL while nobody has. Those under way count against a user's limit.
ALTER TABLE deliveries ADD COLUMN leased_until timestamptz;
CREATE INDEX deliveries_leased ON deliveries (user_id, channel, category, leased_until)
    WHERE leased_until IS NOT NULL;

-- Keep a notice somebody wrote, or return what the same key made before, whatever its channel was.
CREATE FUNCTION send_by_hand(
    p_message_id text, p_user_id bigint, p_subject text, p_payload jsonb, p_request_id text,
    p_channel text, p_category text
) RETURNS deliveries
LANGUAGE plpgsql AS $$
DECLARE
    d deliveries;
BEGIN
    -- The key is unique with its channel only: two requests at once must come one after the other.
    PERFORM pg_advisory_xact_lock(hashtextextended(p_message_id, 0));
    SELECT * INTO d FROM deliveries WHERE message_id = p_message_id ORDER BY id LIMIT 1;
    IF NOT FOUND THEN
        INSERT INTO deliveries (
            message_id, message_name, user_id, subject, payload, request_id, channel, category)
        VALUES (
            p_message_id, 'manual', p_user_id, p_subject, p_payload, p_request_id, p_channel, p_category)
        RETURNING * INTO d;
    END IF;
    RETURN d;
END
$$;

-- Let a device take its user's push messages; one that changed hands is its new user's. Of each user the
-- p_devices_max newest are kept: an older one would get nothing.
CREATE FUNCTION add_device(
    p_token text, p_user_id bigint, p_platform text, p_devices_max integer
) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO devices (token, user_id, platform) VALUES (p_token, p_user_id, p_platform)
    ON CONFLICT (token) DO UPDATE
    SET user_id = EXCLUDED.user_id, platform = EXCLUDED.platform, created_at = clock_timestamp();
    DELETE FROM devices WHERE token IN (
        SELECT d.token FROM devices AS d WHERE d.user_id = p_user_id
        ORDER BY d.created_at DESC, d.token OFFSET p_devices_max);
END
$$;
