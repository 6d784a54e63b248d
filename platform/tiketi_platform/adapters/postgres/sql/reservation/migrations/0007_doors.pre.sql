-- A ticket lets in at the door of its own event only.

-- Let the holder of a ticket for an event in, once. Refuses ticket_not_found, ticket_used {used_at},
-- ticket_of_other_event, and ticket_invalid for a ticket that was cancelled or a code that is not its own.
CREATE FUNCTION use_ticket(p_id bigint, p_code uuid, p_event_id bigint, p_now timestamptz)
RETURNS tickets
LANGUAGE plpgsql AS $$
DECLARE
    t tickets;
BEGIN
    UPDATE tickets SET status = 'USED', used_at = p_now
    WHERE id = p_id AND code = p_code AND event_id = p_event_id AND status = 'VALID'
    RETURNING * INTO t;
    IF FOUND THEN
        RETURN t;
    END IF;
    SELECT * INTO t FROM tickets WHERE id = p_id;
    IF NOT FOUND THEN
        PERFORM refuse('ticket_not_found');
    ELSIF t.code <> p_code THEN
        PERFORM refuse('ticket_invalid', '{"detail": "this is no ticket of ours"}');
    ELSIF t.event_id <> p_event_id THEN
        PERFORM refuse('ticket_of_other_event', jsonb_build_object(
            'detail', 'this ticket is for event ' || t.event_id, 'field', 'event_id'));
    ELSIF t.status = 'USED' THEN
        PERFORM refuse('ticket_used', jsonb_build_object('used_at', t.used_at));
    END IF;
    PERFORM refuse('ticket_invalid', '{"detail": "this ticket was cancelled"}');
END
$$;
