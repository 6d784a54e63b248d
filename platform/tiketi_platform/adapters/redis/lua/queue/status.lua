-- Says where a user stands, and takes the question as a sign of life.
-- KEYS: as in _room.lua. ARGV: 1 now_ms, 2 user, 3 1: a poll, which must not come before its time
-- Returns a place or a session as enter.lua does, or -2: not in here, or {-6, ms}: too early by so much;
--         the place is kept, and it was a sign of life all the same.
-- include: queue/_sessions.lua
-- include: queue/_polls.lua
-- include: queue/_silence.lua

local room = load_room()
if not room then
  return -2
end
heard(room)
local user = ARGV[2]
local rank = redis.call('ZRANK', KEYS[2], user)
if rank then
  local number = tonumber(redis.call('ZSCORE', KEYS[2], user))
  local waiting = redis.call('ZCARD', KEYS[2])
  return finish(room, place(room, user, number, rank + 1, waiting, ARGV[3] == '1'))
end
local ends_ms = redis.call('ZSCORE', KEYS[4], user)
if not ends_ms then
  return finish(room, -2)
end
if tonumber(ends_ms) > now_ms then
  local waiting = redis.call('ZCARD', KEYS[2])
  return finish(room, {2, (session_of(user)), tonumber(ends_ms), waiting})
end
expire(room, user)
return finish(room, -2)
