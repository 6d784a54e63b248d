-- Reaps sessions that ran out and lets the head of the line in; what every replica's pump calls.
-- KEYS: as in _room.lua. ARGV: 1 now_ms, 2 batch_max, 3 log_max
-- Returns {admitted, skipped, reaped, more, waiting, inside}; more = 1: call again at once. Or -1: no room.
-- include: queue/_admit.lua

local room = load_room()
if not room then
  return -1
end
local admitted, skipped, reaped, more = admit(room, tonumber(ARGV[2]))
local log_max = tonumber(ARGV[3])
if redis.call('XLEN', KEYS[6]) > log_max then
  redis.call('XTRIM', KEYS[6], 'MAXLEN', log_max)
  change(room, LOG_TRUNCATED, 1)
end
save_room(room)
return {admitted, skipped, reaped, more, redis.call('ZCARD', KEYS[2]), redis.call('ZCARD', KEYS[4])}
