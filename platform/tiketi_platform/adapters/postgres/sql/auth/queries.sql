-- name: register
-- Open an account with its first session.
SELECT register_user($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: candidate
-- The account whose password is to be checked.
SELECT login_candidate($1, $2, $3);

-- name: check_failures
-- Refuse while a key has to wait.
SELECT check_failures($1, $2);

-- name: count_or_refuse
-- Count a wrong password, or whatever else is limited, under one key; refuse while it has to wait.
SELECT count_or_refuse($1, $2, $3, $4);

-- name: open_session
-- Begin a session of a user whose password was right.
SELECT open_session($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: rotate
-- Spend a refresh token for the next one; one spent for the very same lately is answered once more.
SELECT rotate_token($1, $2, $3, $4, $5);

-- name: end_session
-- End the session of a refresh token, spent or not.
SELECT end_family(family_id) FROM refresh_tokens WHERE token_hash = $1;

-- name: end_own_session
-- End session $1 if it is an open one of user $2; NULL if it is not.
SELECT end_family(id) FROM refresh_families
WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL AND expires_at > clock_timestamp();

-- name: end_sessions
-- End every session and every access token of a user.
SELECT end_sessions($1);

-- name: sessions
-- The open sessions of user $1, the one used last first.
SELECT jsonb_build_object(
    'id', id, 'device', device, 'address', address, 'created_at_ms', to_ms(created_at),
    'last_used_at_ms', to_ms(last_used_at), 'expires_at_ms', to_ms(expires_at))
FROM refresh_families
WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > clock_timestamp()
ORDER BY last_used_at DESC, id DESC LIMIT $2;

-- name: account
-- One account.
SELECT account_json(u) FROM users AS u WHERE id = $1;

-- name: update
-- Change what is not NULL of one account; empty takes phone or picture away.
UPDATE users AS u
SET name = coalesce($2, name), phone = nullif(coalesce($3, phone), ''),
    profile_image = nullif(coalesce($4, profile_image), ''), updated_at = clock_timestamp()
WHERE id = $1
RETURNING account_json(u);

-- name: contacts
-- The accounts among these ids.
SELECT account_json(u) FROM users AS u WHERE id = ANY ($1::bigint[]);

-- name: by_email
-- An account and its password's hash.
SELECT jsonb_build_object('account', account_json(u), 'password_hash', u.password_hash)
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
    RETURNING u.email AS email, account_json(u) AS account
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

-- name: prune_tokens
-- Forget at most $1 spent tokens that would have expired; returns how many.
WITH gone AS (
    DELETE FROM refresh_tokens WHERE token_hash IN (
        SELECT token_hash FROM refresh_tokens
        WHERE spent_at IS NOT NULL AND expires_at < clock_timestamp() ORDER BY expires_at LIMIT $1)
    RETURNING 1
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

-- name: prune_resets
-- Forget at most $1 reset tokens that have expired; returns how many.
WITH gone AS (
    DELETE FROM password_resets WHERE token_hash IN (
        SELECT token_hash FROM password_resets
        WHERE expires_at < clock_timestamp() - interval '1 day' ORDER BY expires_at LIMIT $1)
    RETURNING 1
)
SELECT count(*) FROM gone;

-- name: prune_revocations
-- Forget at most $1 lines of the feed that are older than $2 seconds: the tokens they name have ended by
-- themselves; returns how many.
WITH gone AS (
    DELETE FROM revocations WHERE seq IN (
        SELECT seq FROM revocations
        WHERE created_at < clock_timestamp() - make_interval(secs => $2) ORDER BY created_at LIMIT $1)
    RETURNING 1
)
SELECT count(*) FROM gone;

-- name: revocations
-- At most $3 lines of the feed behind line ($1, $2), and the oldest transaction that has not ended yet.
WITH page AS (
    SELECT * FROM revocations WHERE (xact, seq) > ($1::bigint, $2::bigint) ORDER BY xact, seq LIMIT $3
)
SELECT jsonb_build_object(
    'oldest', pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
    'lines', coalesce(
        (SELECT jsonb_agg(
            jsonb_build_array(xact, seq, user_id, token_version, session_id) ORDER BY xact, seq)
        FROM page), '[]'));

-- name: users
-- Accounts by descending id below $5; $1 is part of the e-mail or name, the others match, NULL is any.
SELECT account_json(u) FROM users AS u
WHERE ($1::text IS NULL OR strpos(lower(email || ' ' || name), lower($1)) > 0)
    AND ($2::text IS NULL OR role = $2)
    AND ($3::text IS NULL OR provider = $3)
    AND ($4::boolean IS NULL OR (disabled_at IS NOT NULL) = $4)
    AND ($5::bigint IS NULL OR id < $5)
ORDER BY id DESC LIMIT $6;

-- name: update_account
-- Change the role of account $1 to $2 and whether it is disabled to $3; NULL leaves it.
SELECT update_account($1, $2, $3);

-- name: change_password
-- Replace a password that was checked, end every session and begin one.
SELECT change_password($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: ask_reset
-- Keep a request for a reset mail; whether there is such an account is looked at later.
INSERT INTO reset_requests (email, request_id) VALUES ($1, $2);

-- name: answer_reset
-- Answer the oldest request for a reset mail; whether there was one.
SELECT answer_reset($1, $2, $3);

-- name: check_reset
-- Refuse a reset token that is none.
SELECT check_reset($1);

-- name: reset_password
-- Spend a reset token for a new password.
SELECT reset_password($1, $2);

-- name: enter_by_google
-- Begin a session of the account of a Google account; NULL when it must be linked first.
SELECT enter_by_google($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: link_google
-- Begin a session by password and let a Google account log in from now on.
SELECT link_google($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: published_keys
-- The published keys, the newest first; a key is kept $1 seconds after another took over.
SELECT published_keys($1);

-- name: add_key
-- Publish a key.
SELECT add_key($1, $2, $3, $4, $5, $6);

-- name: forget_keys
-- Forget the private halves of keys that are published no more; returns how many.
WITH gone AS (
    UPDATE signing_keys SET sealed = NULL
    WHERE sealed IS NOT NULL
        AND kid NOT IN (SELECT k ->> 'kid' FROM jsonb_array_elements(published_keys($1)) AS k)
    RETURNING 1
)
SELECT count(*) FROM gone;
