-- Gives up a place or a session, and lets in who that makes room for.
-- KEYS: as in _room.lua. ARGV: 1 now_ms, 2 batch_max, 3 user
-- Returns what the user was: 0 absent, 1 waiting, 2 admitted.
-- include: queue/_admit.lua

local room = load_room()
if not room then
  return 0
end
local user = ARGV[3]
local was = 0
local number = redis.call('ZSCORE', KEYS[2], user)
if number then
  was = 1
  redis.call('ZREM', KEYS[2], user)
  redis.call('HDEL', KEYS[3], user)
  log(room, 'gave_up', user, number)
  change(room, GAVE_UP, room[GAVE_UP] + 1)
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
admit(room, tonumber(ARGV[2]))
save_room(room)
return was
