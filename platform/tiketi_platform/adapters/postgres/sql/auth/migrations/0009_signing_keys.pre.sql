-- The keys that sign access tokens, shared by all replicas: public halves in the clear, private halves sealed
-- with a key made from the file every replica has (docs/decisions). The file's own key is the first of them.

CREATE TABLE signing_keys (
    kid text PRIMARY KEY,
    public_key bytea NOT NULL CHECK (length(public_key) = 32),
    -- NULL for a file's key, and once the last token it signed has ended.
    sealed bytea,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    signs_from timestamptz NOT NULL
);

-- The published keys, the newest first: a key is kept for p_kept_s after another took over.
CREATE FUNCTION published_keys(p_kept_s bigint) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    WITH line AS (
        SELECT *, lead(signs_from) OVER (ORDER BY signs_from, created_at, kid) AS taken_over_at
        FROM signing_keys
    )
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'kid', kid,
        'public_key', encode(public_key, 'hex'),
        'sealed', encode(sealed, 'hex'),
        'created_at_ms', to_ms(created_at),
        'signs_from_ms', to_ms(signs_from),
        'retires_at_ms', to_ms(taken_over_at + make_interval(secs => p_kept_s)),
        'state', CASE
            WHEN signs_from > clock_timestamp() THEN 'next'
            WHEN taken_over_at <= clock_timestamp() THEN 'retired'
            ELSE 'current' END)
        ORDER BY signs_from DESC, created_at DESC, kid DESC), '[]')
    FROM line
    WHERE taken_over_at IS NULL
        OR taken_over_at + make_interval(secs => p_kept_s) > clock_timestamp()
$$;

-- Publish a key that signs from p_ahead_s on; nothing happens when it is there. Refuses rate_limited when so
-- many are published that verifiers would not take another.
CREATE FUNCTION add_key(
    p_kid text, p_public_key bytea, p_sealed bytea, p_ahead_s bigint, p_kept_s bigint, p_keys_max bigint
) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM signing_keys WHERE kid = p_kid) THEN
        RETURN;
    END IF;
    IF jsonb_array_length(published_keys(p_kept_s)) >= p_keys_max THEN
        PERFORM refuse('rate_limited', jsonb_build_object(
            'detail', 'so many keys are published that another has to wait', 'retry_after_s', p_kept_s));
    END IF;
    INSERT INTO signing_keys (kid, public_key, sealed, signs_from)
    VALUES (p_kid, p_public_key, p_sealed, clock_timestamp() + make_interval(secs => p_ahead_s));
END
$$;
