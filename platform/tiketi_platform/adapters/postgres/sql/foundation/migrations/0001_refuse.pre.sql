-- How a SQL function refuses: PERFORM refuse('seat_taken', jsonb_build_object('seat_ids', ids)).
-- The whole statement is rolled back; adapters/postgres/refusals.py turns code and extras into the
-- domain's error. Of the extras detail, field and retry_after_s become the error's own.

CREATE FUNCTION refuse(code text, extras jsonb DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'P0001', MESSAGE = code, DETAIL = coalesce(extras::text, '');
END
$$;
