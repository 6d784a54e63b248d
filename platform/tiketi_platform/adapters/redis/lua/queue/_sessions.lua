-- Ends and begins sessions. Each change of who is inside is logged in the same breath.
-- KEYS, ARGV: as in _room.lua. Returns nothing by itself: functions for the scripts that include it.
-- include: queue/_room.lua

-- The session of `user` as number and beginning in ms.
local function session_of(user)
  local number, since_ms = string.match(redis.call('HGET', KEYS[5], user), '^(%d+):(%d+)$')
  return number, tonumber(since_ms)
end

local function end_session(room, user, kind)
  local number = session_of(user)
  redis.call('ZREM', KEYS[4], user)
  redis.call('HDEL', KEYS[5], user)
  log(room, kind, user, number)
  change(room, kind .. '_total', room[kind .. '_total'] + 1)
end

-- Takes out at most `count_max` sessions that have run out, the longest over first. Returns how many.
local function reap(room, count_max)
  local users = redis.call(
    'ZRANGE', KEYS[4], '-inf', room.now_ms, 'BYSCORE', 'LIMIT', 0, count_max)
  for _, user in ipairs(users) do
    end_session(room, user, 'expired')
  end
  return #users
end

-- How many may be let in right now, by room and by rate. Sessions over but not reaped count as inside.
local function quota(room)
  if room.state ~= OPEN then
    return 0
  end
  local free = room.capacity - redis.call('ZCARD', KEYS[4])
  return math.max(0, math.min(free, math.floor(tokens_now(room) / 1000)))
end

-- Lets `users` in, whose numbers in the line are `numbers`; the caller has checked the quota.
local function begin_sessions(room, users, numbers)
  local ends_ms = room.now_ms + room.session_ttl_ms
  local scores, sessions = {}, {}
  for i, user in ipairs(users) do
    scores[2 * i - 1], scores[2 * i] = ends_ms, user
    sessions[2 * i - 1], sessions[2 * i] = user, numbers[i] .. ':' .. room.now_ms
    log(room, 'admitted', user, numbers[i])
  end
  redis.call('ZADD', KEYS[4], unpack(scores))
  redis.call('HSET', KEYS[5], unpack(sessions))
  take_tokens(room, #users)
  count_pace(room, #users)
  change(room, 'admitted_total', room.admitted_total + #users)
  local inside = redis.call('ZCARD', KEYS[4])
  if inside > room.inside_max then
    change(room, 'inside_max', inside)
  end
  local waiting = redis.call('ZCARD', KEYS[2])
  redis.call('PUBLISH', KEYS[7], '{"admitted":[' .. table.concat(users, ',') .. '],"front":'
    .. room.front .. ',"waiting":' .. waiting .. '}')
end
