-- Refunds that the gateway declines: what a person asked for is refused, what a message asked for is owed.

-- When the gateway declined it last; NULL while it has not, or while it is being asked again. Money that
-- went back without our knowing cannot be that of a refund that is declined.
ALTER TABLE refunds ADD COLUMN declined_at timestamptz;

-- End a PENDING refund that the gateway declined when p_cancelled_won in all had gone back to the card, and
-- p_card_returned of it was in our books. Completed, when that covers it beside every refund whose money may
-- have gone back. Refused, when somebody asked for it and it cannot be covered. Otherwise it stays PENDING:
-- for p_lease_ms when a message asked for it, because then the seats are gone and the money is owed.
CREATE FUNCTION decline_refund(
    p_refund_id bigint, p_detail text, p_cancelled_won bigint, p_card_returned bigint,
    p_lease_ms bigint
) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    p payments;
    r refunds;
    v_open bigint;
BEGIN
    SELECT payments.* INTO p FROM payments
    WHERE id = (SELECT payment_id FROM refunds WHERE id = p_refund_id) FOR UPDATE;
    UPDATE refunds SET declined_at = clock_timestamp()
    WHERE id = p_refund_id AND status = 'PENDING' RETURNING * INTO r;
    IF NOT FOUND THEN
        SELECT * INTO r FROM refunds WHERE id = p_refund_id;
        RETURN refund_json(r, p);
    END IF;
    SELECT coalesce(sum(card), 0) INTO v_open FROM refunds
    WHERE payment_id = p.id AND status = 'PENDING' AND declined_at IS NULL;
    IF p_cancelled_won >= p.refunded_card + v_open + r.card THEN
        RETURN complete_refund(r.id);
    ELSIF p.refunded_card <> p_card_returned OR p_cancelled_won >= p.refunded_card + r.card THEN
        -- What went back may be another refund's, which is settled first; or the answer is stale.
        RETURN refund_json(r, p);
    ELSIF r.requested_by IS NULL THEN
        UPDATE refunds SET lease_until = clock_timestamp() + p_lease_ms * interval '1 millisecond'
        WHERE id = r.id;
        RETURN refund_json(r, p);
    END IF;
    RETURN refuse_refund(r.id, p_detail);
END
$$;

-- The card part of what messages asked for and the gateway declined was given up so far; it is owed. Of
-- each payment the latest such refund, if nothing was set aside in its place since.
UPDATE refunds AS r SET status = 'PENDING', completed_at = NULL
FROM (
    SELECT max(d.id) AS id FROM refunds AS d
    WHERE d.status = 'REFUSED' AND d.requested_by IS NULL GROUP BY d.payment_id
) AS latest, payments AS p
WHERE r.id = latest.id AND p.id = r.payment_id AND (
    SELECT coalesce(sum(o.card), 0) + r.card <= p.card_amount
        AND coalesce(sum(o.points), 0) + r.points <= p.point_used
    FROM refunds AS o WHERE o.payment_id = p.id AND o.status <> 'REFUSED');
