-- Drops a room from the list of those to pump, unless somebody entered it lately.
-- KEYS: 1 rooms. ARGV: 1 event, 2 ms before which the last entering must have been
-- Returns 1 if it was dropped, else 0.

local last_ms = redis.call('ZSCORE', KEYS[1], ARGV[1])
if last_ms and tonumber(last_ms) < tonumber(ARGV[2]) then
  return redis.call('ZREM', KEYS[1], ARGV[1])
end
return 0
