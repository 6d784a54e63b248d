-- Says whether the draw is due, and lets one replica hold it; asking again makes its lease longer.
-- KEYS: as in _room.lua. ARGV: 1 now_ms, 2 which replica asks, 3 lease_ms
-- Returns how many take part; 0: no draw is under way, or -10: another replica holds it. A lease spares work
-- and decides nothing: two that draw at once write the same.
-- include: queue/_room.lua

local room = load_room()
if not room then
  return 0
end
if room[PHASE] ~= DRAWING then
  return finish(room, 0)
end
local holder, until_ms = unpack(redis.call('HMGET', KEYS[11], 'holder', 'held_until'))
if holder and holder ~= ARGV[2] and tonumber(until_ms) > now_ms then
  return finish(room, -10)
end
redis.call('HSET', KEYS[11], 'holder', ARGV[2], 'held_until', now_ms + ARGV[3])
return finish(room, room[GATHERED])
