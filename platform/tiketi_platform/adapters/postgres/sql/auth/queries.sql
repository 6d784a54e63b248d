-- name: register
-- Open an account with its first session.
SELECT register_user($1, $2, $3, $4, $5, $6, $7);

-- name: candidate
-- The account whose password is to be checked.
SELECT login_candidate($1, $2, $3, $4, $5);

-- name: count_failure
-- Count a wrong password.
SELECT count_failure($1, $2, $3, $4);

-- name: open_session
-- Begin a session of a user whose password was right.
SELECT open_session($1, $2, $3, $4, $5, $6, $7, $8);

-- name: rotate
-- Spend a refresh token for the next one.
SELECT rotate_token($1, $2, $3);

-- name: end_session
-- Revoke the family of a refresh token.
UPDATE refresh_families SET revoked_at = clock_timestamp()
WHERE id = (SELECT family_id FROM refresh_tokens WHERE token_hash = $1) AND revoked_at IS NULL;

-- name: account
-- One account.
SELECT user_json(u) FROM users AS u WHERE id = $1;

-- name: update
-- Change what is not NULL of one account.
UPDATE users AS u
SET name = coalesce($2, name), phone = coalesce($3, phone), updated_at = clock_timestamp()
WHERE id = $1
RETURNING user_json(u);

-- name: contacts
-- The accounts among these ids.
SELECT user_json(u) FROM users AS u WHERE id = ANY ($1::bigint[]);

-- name: by_email
-- An account and its password's hash.
SELECT jsonb_build_object('account', user_json(u), 'password_hash', u.password_hash)
FROM users AS u WHERE lower(email COLLATE "C") = lower($1 COLLATE "C");

-- name: provision
-- Accounts without password for e-mails $1 and names $2, made where missing, in the order given. The
-- update of what is there already changes nothing: it is what makes the statement return it.
WITH wanted AS (
    SELECT email, name, number
    FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w (email, name, number)
), present AS (
    INSERT INTO users AS u (email, name)
    SELECT email, name FROM wanted ORDER BY number
    ON CONFLICT (lower(email COLLATE "C")) DO UPDATE SET email = u.email
    RETURNING u.email AS email, user_json(u) AS account
)
SELECT account FROM wanted
JOIN present ON lower(present.email COLLATE "C") = lower(wanted.email COLLATE "C")
ORDER BY number;

-- name: put_admin
-- Make an account an administrator.
SELECT put_admin($1, $2);

-- name: prune_sessions
-- Forget at most $1 sessions whose last token has expired; returns how many.
WITH old AS (
    SELECT id FROM refresh_families WHERE expires_at < clock_timestamp() - interval '1 day'
    ORDER BY expires_at LIMIT $1
), gone AS (
    DELETE FROM refresh_families USING old WHERE refresh_families.id = old.id RETURNING 1
)
SELECT count(*) FROM gone;

-- name: prune_failures
-- Forget at most $1 counts of failures whose window is over; returns how many.
WITH old AS (
    SELECT key FROM login_failures WHERE ends_at <= clock_timestamp() ORDER BY ends_at LIMIT $1
), gone AS (
    DELETE FROM login_failures AS f USING old
    WHERE f.key = old.key AND f.ends_at <= clock_timestamp() RETURNING 1
)
SELECT count(*) FROM gone;
