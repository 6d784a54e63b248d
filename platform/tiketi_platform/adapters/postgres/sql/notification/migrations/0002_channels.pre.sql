-- More ways to tell than by mail, what people want of them, and who waits for what.

ALTER TABLE deliveries
    DROP CONSTRAINT deliveries_channel_check,
    ADD CONSTRAINT deliveries_channel_check CHECK (channel IN ('email', 'push', 'sms')),
    DROP CONSTRAINT deliveries_status_check,
    ADD CONSTRAINT deliveries_status_check CHECK (status IN ('PENDING', 'SENT', 'FAILED', 'SKIPPED')),
    ADD COLUMN category text NOT NULL DEFAULT 'transactional'
        CHECK (category IN ('transactional', 'marketing')),
    -- From then on it is not worth telling any more.
    ADD COLUMN stale_at timestamptz;

-- What happened goes before what somebody would like to sell.
CREATE INDEX deliveries_due_by_channel ON deliveries (channel, category DESC, due_at)
    WHERE status = 'PENDING';
CREATE INDEX deliveries_sent ON deliveries (user_id, channel, category, sent_at) WHERE status = 'SENT';
CREATE INDEX deliveries_failed ON deliveries (id DESC) WHERE status = 'FAILED';

-- A user without a row wants what the defaults say.
CREATE TABLE preferences (
    user_id bigint PRIMARY KEY,
    language text NOT NULL DEFAULT 'ko' CHECK (language IN ('ko', 'en')),
    push boolean NOT NULL DEFAULT true,
    sms boolean NOT NULL DEFAULT false,
    -- Advertising needs consent given before.
    marketing_email boolean NOT NULL DEFAULT false,
    marketing_push boolean NOT NULL DEFAULT false,
    marketing_sms boolean NOT NULL DEFAULT false,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Registrations of apps and browsers that take push messages; a token is one device's, whoever uses it.
CREATE TABLE devices (
    token text PRIMARY KEY,
    user_id bigint NOT NULL,
    platform text NOT NULL CHECK (platform IN ('android', 'ios', 'web')),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX devices_of_user ON devices (user_id, created_at DESC);

-- How many more a provider takes at this moment: one token bucket a channel, for all replicas.
CREATE TABLE budgets (
    channel text PRIMARY KEY,
    tokens double precision NOT NULL,
    filled_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Take up to `wanted` from a channel's bucket, which holds one second's worth; returns how many it gave.
CREATE FUNCTION take_budget(channel text, wanted integer, per_second double precision) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    bucket budgets;
    held double precision;
    given integer;
    moment timestamptz;
BEGIN
    INSERT INTO budgets (channel, tokens) VALUES (take_budget.channel, greatest(per_second, 1))
    ON CONFLICT DO NOTHING;
    SELECT * INTO bucket FROM budgets AS b WHERE b.channel = take_budget.channel FOR UPDATE;
    moment := clock_timestamp();
    held := least(
        greatest(per_second, 1),
        bucket.tokens + per_second * extract(epoch FROM moment - bucket.filled_at)
    );
    given := least(wanted, floor(held)::integer);
    UPDATE budgets AS b SET tokens = held - given, filled_at = moment
    WHERE b.channel = take_budget.channel;
    RETURN given;
END
$$;
