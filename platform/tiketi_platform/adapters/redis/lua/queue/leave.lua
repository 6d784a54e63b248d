-- Gives up a place or a session, and lets in who that makes room for.
-- KEYS: as in _room.lua. ARGV: 1 now_ms, 2 batch_max, 3 user
-- Returns what the user was: 0 absent, 1 waiting or gathered, 2 admitted; or -8: ask again, the draw is
--         under way, and who takes part in it is settled.
-- include: queue/_admit.lua
-- include: queue/_enters.lua

local room = load_room()
if not room then
  return 0
end
heard(room)
local user = ARGV[3]
local was = 0
local number = redis.call('ZSCORE', KEYS[2], user)
if number then
  number = tonumber(number)
  if room[PHASE] == DRAWING and number <= room[GATHERED] then
    return finish(room, -8)
  end
  was = 1
  drop(room, {user})
  log(room, 'gave_up', user, number > 0 and number or '-')
else
  local ends_ms = redis.call('ZSCORE', KEYS[4], user)
  if ends_ms then
    if tonumber(ends_ms) <= now_ms then
      expire(room, user)
    else
      was = 2
      end_sessions(room, {user}, 'left', LEFT)
    end
  end
end
if was > 0 then
  count_enter(room, user)
end
admit(room, tonumber(ARGV[2]))
return finish(room, was)
