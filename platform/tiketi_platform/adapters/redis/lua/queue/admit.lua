-- Reaps sessions that ran out and lets the head of the line in; what every replica's pump calls.
-- KEYS: as in _room.lua. ARGV: 1 now_ms, 2 batch_max, 3 log_max (entries)
-- Returns {admitted, skipped, reaped, more, waiting, inside, drawing}; more = 1: call again at once;
--         drawing = 1: the draw is due. Or -1: no room.
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
local drawing = room[PHASE] == DRAWING and 1 or 0
local waiting, inside = redis.call('ZCARD', KEYS[2]), redis.call('ZCARD', KEYS[4])
return finish(room, {admitted, skipped, reaped, more, waiting, inside, drawing})
