-- Sends everybody away from a room that is closed: nobody waits, and no session goes on.
-- KEYS: as in _room.lua. ARGV: 1 now_ms, 2 batch_max (of those inside, and of those waiting, per call)
-- Returns 1 if there may be more to do at once, else 0; or -8: ask again, the draw is under way.
-- include: queue/_sessions.lua
-- include: queue/_polls.lua

local room = load_room()
if not room then
  return 0
end
if room[PHASE] == DRAWING then
  return finish(room, -8)
end
local batch_max = tonumber(ARGV[2])
if reap(room, batch_max) == batch_max then
  return finish(room, 1)
end
local inside = redis.call('ZRANGE', KEYS[4], 0, batch_max - 1)
if #inside > 0 then
  end_sessions(room, inside, 'left', LEFT)
end
local line = redis.call('ZRANGE', KEYS[2], 0, batch_max - 1, 'WITHSCORES')
local users = {}
for i = 1, #line, 2 do
  users[#users + 1] = line[i]
  log(room, 'gave_up', line[i], tonumber(line[i + 1]) > 0 and line[i + 1] or '-')
end
if #users > 0 then
  drop(room, users)
end
return finish(room, (#inside == batch_max or #users == batch_max) and 1 or 0)
