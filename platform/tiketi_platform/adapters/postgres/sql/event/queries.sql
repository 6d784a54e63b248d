-- name: create
-- Announce an event.
SELECT create_event($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

-- name: get
-- One event.
SELECT event_json(e) FROM events AS e WHERE id = $1;

-- name: list
-- At most $5 events of status $1 (any for NULL) at moment $2, below the place ($3, $4).
SELECT event_json(e) FROM events AS e
WHERE ($1::text IS NULL OR status_at(e, moment($2)) = $1)
    AND (on_sale_at, id) < (moment($3), $4::bigint)
ORDER BY on_sale_at DESC, id DESC LIMIT $5;

-- name: search
-- The same, of those in which pattern $6 and all patterns $7 are found; the first is for the index.
SELECT event_json(e) FROM events AS e
WHERE ($1::text IS NULL OR status_at(e, moment($2)) = $1)
    AND (on_sale_at, id) < (moment($3), $4::bigint)
    AND search LIKE $6 AND search LIKE ALL ($7::text[])
ORDER BY on_sale_at DESC, id DESC LIMIT $5;
