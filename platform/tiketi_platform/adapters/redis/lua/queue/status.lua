-- Says where a user stands, and takes the question as a sign of life.
-- KEYS: as in _room.lua. ARGV: 1 now_ms, 2 user
-- Returns {1, number, position, waiting, pace_milli, grace_s}, {2, number, ends_ms, waiting}, or -2: not in here.
-- include: queue/_sessions.lua

local room = load_room()
if not room then
  return -2
end
local user = ARGV[2]
local rank = redis.call('ZRANK', KEYS[2], user)
if rank then
  redis.call('HSET', KEYS[3], user, now_ms)
  local number = tonumber(redis.call('ZSCORE', KEYS[2], user))
  local waiting = redis.call('ZCARD', KEYS[2])
  return {1, number, rank + 1, waiting, pace_milli(room), room[GRACE_MS] / 1000}
end
local ends_ms = redis.call('ZSCORE', KEYS[4], user)
if not ends_ms then
  return -2
end
if tonumber(ends_ms) > now_ms then
  return {2, (session_of(user)), tonumber(ends_ms), redis.call('ZCARD', KEYS[2])}
end
expire(room, user)
save_room(room)
return -2
