-- Counts a call twice; small on purpose, so that the client's share shows.
-- KEYS[1] counter, KEYS[2] counter of the same slot. ARGV: anything, unread. Returns both counters.
return { redis.call('INCR', KEYS[1]), redis.call('INCR', KEYS[2]) }
