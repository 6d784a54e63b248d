-- Replicas of the release before 0005 went on refusing what messages ask for, what 0005 had reopened too: once
-- they are gone it is owed again, as 0005 says. The payments are locked, because this release is at work.
SELECT FROM payments WHERE id IN (
    SELECT payment_id FROM refunds WHERE status = 'REFUSED' AND requested_by IS NULL
) ORDER BY id FOR UPDATE;

UPDATE refunds AS r SET status = 'PENDING', completed_at = NULL
FROM (
    SELECT max(d.id) AS id FROM refunds AS d
    WHERE d.status = 'REFUSED' AND d.requested_by IS NULL GROUP BY d.payment_id
) AS latest, payments AS p
WHERE r.id = latest.id AND p.id = r.payment_id AND (
    SELECT coalesce(sum(o.card), 0) + r.card <= p.card_amount
        AND coalesce(sum(o.points), 0) + r.points <= p.point_used
    FROM refunds AS o WHERE o.payment_id = p.id AND o.status <> 'REFUSED');
