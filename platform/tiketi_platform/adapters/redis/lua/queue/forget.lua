-- Lets what an empty room remembers run out after a while. The room itself stays, a few hundred bytes: its
-- policy holds until it is changed, and its counts.
-- KEYS: as in _room.lua. ARGV: 1 now_ms, 2 ms for which it is kept
-- Returns 1 if it will run out, else 0: somebody is there, or is yet to gather.
-- include: queue/_room.lua

local room = load_room()
if not room then
  return 0
end
local there = redis.call('ZCARD', KEYS[2]) + redis.call('ZCARD', KEYS[4])
if there > 0 or room[PHASE] == GATHERING or room[PHASE] == DRAWING then
  return finish(room, 0)
end
for _, key in ipairs({KEYS[6], KEYS[8], KEYS[11]}) do
  redis.call('PEXPIRE', key, ARGV[2])
end
return finish(room, 1)
