-- How many portraits a user has sent, so that nobody fills the store: each try counts, kept or not.

CREATE TABLE portrait_counts (
    user_id bigint PRIMARY KEY,
    count integer NOT NULL CHECK (count > 0),
    ends_at timestamptz NOT NULL
);

-- Count one more within a window that begins with the first of them; refuses rate_limited when they are p_max.
CREATE FUNCTION count_portrait(p_user_id bigint, p_max integer, p_window_s integer, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO portrait_counts AS c (user_id, count, ends_at)
    VALUES (p_user_id, 1, p_now + make_interval(secs => p_window_s))
    ON CONFLICT (user_id) DO UPDATE SET
        count = CASE WHEN c.ends_at <= p_now THEN 1 ELSE c.count + 1 END,
        ends_at = CASE WHEN c.ends_at <= p_now THEN excluded.ends_at ELSE c.ends_at END
    WHERE c.ends_at <= p_now OR c.count < p_max;
    IF NOT FOUND THEN
        PERFORM refuse('rate_limited', jsonb_build_object('retry_after_s', (
            SELECT greatest(1, ceil(extract(epoch FROM ends_at - p_now)))
            FROM portrait_counts WHERE user_id = p_user_id)));
    END IF;
END
$$;
