-- Which messages of other services have been applied here, so that each has its effect once.

CREATE TABLE inbox (
    message_id uuid NOT NULL,
    consumer text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (message_id, consumer)
);

-- True the first time, in the transaction of the effect; false when there is nothing left to do.
CREATE FUNCTION apply_once(message_id uuid, consumer text) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inbox (message_id, consumer) VALUES (apply_once.message_id, apply_once.consumer)
    ON CONFLICT DO NOTHING;
    RETURN FOUND;
END
$$;
