-- Puts a room on the list of those to pump, or says again that it is in use.
-- KEYS: 1 rooms. ARGV: 1 now_ms, 0 for Redis' own clock, 2 event
-- Returns 1 if it was not on the list, else 0.
-- include: queue/_clock.lua

return redis.call('ZADD', KEYS[1], 'GT', given_ms(), ARGV[2])
