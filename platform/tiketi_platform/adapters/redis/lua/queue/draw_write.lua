-- Writes the numbers of some of those gathered; nobody sees them before draw_end.lua. May be repeated.
-- KEYS: as in _room.lua. ARGV: 1 now_ms, 2 which part of the draw (from 0), 3 its share of the receipt,
--       4 its share of the log: 'user number user number …', 5… user, number, user, number, …
-- Returns 1; or 0: no draw is under way, nothing was written.
-- include: queue/_room.lua

local room = load_room()
if not room or room[PHASE] ~= DRAWING then
  return room and finish(room, 0) or 0
end
local scores = {}
for i = 5, #ARGV, 2 do
  scores[#scores + 1], scores[#scores + 2] = ARGV[i + 1], ARGV[i]
end
redis.call('ZADD', KEYS[2], 'XX', unpack(scores))
redis.call('HSET', KEYS[11], 'receipt:' .. ARGV[2], ARGV[3], 'log:' .. ARGV[2], ARGV[4])
return finish(room, 1)
