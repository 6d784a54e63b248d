-- Ends the session in which a reservation was paid. Saying it twice, or late, ends no later session: a
-- reservation counts once, and only for a session that had begun when it was confirmed.
-- KEYS: as in _room.lua. ARGV: 1 now_ms, 2 batch_max, 3 user, 4 reservation, 5 confirmed_at_ms
-- Returns 1 if a session was ended, else 0.
-- include: queue/_admit.lua

local room = load_room()
if not room then
  return 0
end
local user = ARGV[3]
-- Not the highest one: people pay in any order. The letter keeps reservations apart from the users that an
-- older version wrote here.
if redis.call('HSETNX', KEYS[8], 'r' .. ARGV[4], user) == 0 then
  return finish(room, 0)
end
local ends_ms = redis.call('ZSCORE', KEYS[4], user)
if not ends_ms or tonumber(ends_ms) <= now_ms then
  return finish(room, 0)
end
local _, since_ms = session_of(user)
if since_ms > tonumber(ARGV[5]) then
  return finish(room, 0)
end
end_sessions(room, {user}, 'left', LEFT)
admit(room, tonumber(ARGV[2]))
return finish(room, 1)
