-- name: ping
-- Answer, so that readiness knows the server does.
SELECT 1;
