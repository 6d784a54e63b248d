-- name: announce
-- Announce an event.
SELECT announce_event($1, $2, $3, $4, moment($5), $6);

-- name: change
-- Change event $1 at version $2; NULL at another.
SELECT change_event($1, $2, $3, moment($4), $5);

-- name: cancel
-- Cancel event $1, if it is at version $2 unless that is NULL, for reason $3.
SELECT cancel_event($1, $2::bigint, $3, moment($4), $5);

-- name: delete
-- Remove event $1, if it is at version $2 unless that is NULL.
SELECT delete_event($1, $2, moment($3), $4);

-- name: get
-- One event.
SELECT event_json(e) FROM events AS e WHERE id = $1 AND deleted_at IS NULL;

-- name: list
-- At most $5 events of status $1 (any for NULL) at moment $2, below the place ($3, $4), after $6 others;
-- with doors from $7 until before $8, seats for $9 to $10 won, patterns $11 in the venue (NULL: any).
SELECT event_json(e) FROM events AS e
WHERE deleted_at IS NULL
    AND ($1::text IS NULL OR status_at(e, moment($2)) = $1)
    AND (on_sale_at, id) < (moment($3), $4::bigint)
    AND ($7::bigint IS NULL OR starts_at >= moment($7))
    AND ($8::bigint IS NULL OR starts_at < moment($8))
    AND ($9::bigint IS NULL OR price_max >= $9)
    AND ($10::bigint IS NULL OR price_min <= $10)
    AND search_venue LIKE ALL ($11::text[])
ORDER BY on_sale_at DESC, id DESC LIMIT $5 OFFSET $6;

-- name: search
-- The same, of those in which all patterns $14 are found. Pattern $12 and patterns $13 are the same
-- words as the index spells them; the first, the longest, narrows the most.
SELECT event_json(e) FROM events AS e
WHERE deleted_at IS NULL
    AND ($1::text IS NULL OR status_at(e, moment($2)) = $1)
    AND (on_sale_at, id) < (moment($3), $4::bigint)
    AND ($7::bigint IS NULL OR starts_at >= moment($7))
    AND ($8::bigint IS NULL OR starts_at < moment($8))
    AND ($9::bigint IS NULL OR price_max >= $9)
    AND ($10::bigint IS NULL OR price_min <= $10)
    AND search_venue LIKE ALL ($11::text[])
    AND search_key LIKE $12 AND search_key LIKE ALL ($13::text[])
    AND search LIKE ALL ($14::text[])
ORDER BY on_sale_at DESC, id DESC LIMIT $5 OFFSET $6;

-- name: settle_due
-- Announce at most $2 changes of status that the clock has brought until $1.
SELECT event_ids, epoch_ms(nullif(next_at, '-infinity')) AS next_at_ms
FROM settle_due(moment($1), $2);

-- name: apply_sales
-- Apply what reservations say of the seats.
SELECT apply_sales($1, $2, moment($3));

-- name: other_edition
-- At most $2 events whose search columns another edition of the rules than $1 wrote.
SELECT event_json(e) FROM events AS e
WHERE search_edition < $1 OR search_edition > $1 ORDER BY id LIMIT $2;

-- name: reindex
-- Write the search columns of an event anew, if it is still at version $2.
UPDATE events SET search = $3, search_key = $4, search_venue = $5, search_edition = $6
WHERE id = $1 AND version = $2;

-- name: publish_news
-- Publish news.
SELECT publish_news($1, $2, $3, $4, $5, $6, $7, moment($8));

-- name: change_news
-- Change news $1, or with $7 remove it.
SELECT change_news($1, $2, $3, $4, $5, $6, $7, moment($8));

-- name: get_news
-- One piece of news.
SELECT news_json(n) FROM news AS n WHERE id = $1 AND deleted_at IS NULL;

-- name: list_news
-- At most $3 news below the place ($1, $2), pinned first, then the newest.
SELECT news_json(n) FROM news AS n
WHERE deleted_at IS NULL AND (is_pinned, id) < ($1::boolean, $2::bigint)
ORDER BY is_pinned DESC, id DESC LIMIT $3;

-- name: count_portrait
-- Count one more portrait of user $1, of at most $2 within $3 seconds.
SELECT count_portrait($1, $2, $3, moment($4));

-- name: discount_portrait
-- Take back one portrait that was counted of user $1.
WITH gone AS (DELETE FROM portrait_counts WHERE user_id = $1 AND count = 1)
UPDATE portrait_counts SET count = count - 1 WHERE user_id = $1 AND count > 1;

-- name: keep_image
-- Note an image; the same again changes nothing.
INSERT INTO images (name, content_type, width, height, bytes_count, variants, uploaded_by, uploaded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, moment($8)) ON CONFLICT DO NOTHING;
