-- Says whether the draw is due and has to be held.
-- KEYS: as in _room.lua. ARGV: 1 now_ms
-- Returns how many take part; 0: no draw is under way.
-- include: queue/_room.lua

local room = load_room()
if not room then
  return 0
end
return finish(room, room[PHASE] == DRAWING and room[GATHERED] or 0)
