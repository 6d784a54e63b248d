-- Drops a room from the list of those to pump, unless somebody entered it lately.
-- KEYS: 1 rooms. ARGV: 1 now_ms, 0 for Redis' own clock, 2 event, 3 ms for which nobody must have entered
-- Returns 1 if it was dropped, else 0.
-- include: queue/_clock.lua

local last_ms = redis.call('ZSCORE', KEYS[1], ARGV[2])
if last_ms and tonumber(last_ms) < given_ms() - ARGV[3] then
  return redis.call('ZREM', KEYS[1], ARGV[2])
end
return 0
