-- Takes back that what a room remembers is to run out: it is in use again.
-- KEYS: as in _room.lua. ARGV: 1 now_ms
-- Returns 1 if something would have run out, else 0.
-- include: queue/_room.lua

local room = load_room()
if not room then
  return 0
end
local kept = 0
for _, key in ipairs({KEYS[6], KEYS[8], KEYS[11]}) do
  kept = math.max(kept, redis.call('PERSIST', key))
end
if redis.call('EXISTS', KEYS[6]) == 0 then
  change(room, LOG_TRUNCATED, 1)
  change(room, LOG_LINES, 0)
end
return finish(room, kept)
