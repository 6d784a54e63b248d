-- Ends and begins sessions. Each change of who is inside is logged in the same breath.
-- KEYS, ARGV: as in _room.lua. Returns nothing by itself: functions for the scripts that include it.
-- include: queue/_room.lua

-- The feed of ended sessions outlives every token that was signed for one of them.
local ENDED_KEPT_MS = 120000

-- A session as it is stored: number in the line and beginning in ms.
local function parsed(session)
  local number, since_ms = string.match(session, '^(%d+):(%d+)$')
  return tonumber(number), tonumber(since_ms)
end

local function session_of(user)
  return parsed(redis.call('HGET', KEYS[5], user))
end

-- Tells whoever verifies entry tokens that these admissions are over before their tokens are.
local function announce_end(numbers)
  redis.call('XADD', KEYS[10], 'MINID', '~', string.format('%.0f', now_ms - ENDED_KEPT_MS),
    string.format('%.0f-*', now_ms), 'numbers', table.concat(numbers, ' '))
  redis.call('PEXPIRE', KEYS[10], ENDED_KEPT_MS)
end

-- Ends the sessions of `users`; `kind` is what the log calls it, `total` the field that counts it.
local function end_sessions(room, users, kind, total)
  local sessions = redis.call('HMGET', KEYS[5], unpack(users))
  redis.call('ZREM', KEYS[4], unpack(users))
  redis.call('HDEL', KEYS[5], unpack(users))
  local numbers = {}
  for i, user in ipairs(users) do
    numbers[i] = parsed(sessions[i])
    log(room, kind, user, numbers[i])
  end
  change(room, total, room[total] + #users)
  count_pace(room, ENDS, #users)
  -- A session that ran out needs no word: its tokens end when it does.
  if total == LEFT then
    announce_end(numbers)
  end
end

local function expire(room, user)
  end_sessions(room, {user}, 'expired', EXPIRED)
end

-- Takes out at most `count_max` sessions that have run out, the longest over first. Returns how many.
local function reap(room, count_max)
  local users = redis.call('ZRANGE', KEYS[4], '-inf', now_ms, 'BYSCORE', 'LIMIT', 0, count_max)
  if #users > 0 then
    end_sessions(room, users, 'expired', EXPIRED)
  end
  return #users
end

-- How many may be let in right now, by room and by rate. Sessions over but not reaped count as inside.
local function quota(room)
  if room[STATE] ~= OPEN or room[PHASE] == GATHERING or room[PHASE] == DRAWING then
    return 0
  end
  local free = room[CAPACITY] - redis.call('ZCARD', KEYS[4])
  return math.max(0, math.min(free, math.floor(tokens_now(room) / 1000)))
end

-- Lets `users` in, whose numbers in the line are `numbers`; the caller has checked the quota.
local function begin_sessions(room, users, numbers)
  -- Made into text once, not once for each of a thousand users.
  local ends_ms = string.format('%.0f', now_ms + room[SESSION_TTL_MS])
  local since = string.format(':%.0f', now_ms)
  local scores, sessions = {}, {}
  for i, user in ipairs(users) do
    scores[2 * i - 1], scores[2 * i] = ends_ms, user
    sessions[2 * i - 1], sessions[2 * i] = user, numbers[i] .. since
    log(room, 'admitted', user, numbers[i])
  end
  redis.call('ZADD', KEYS[4], unpack(scores))
  redis.call('HSET', KEYS[5], unpack(sessions))
  take_tokens(room, #users)
  count_pace(room, PACE, #users)
  change(room, ADMITTED, room[ADMITTED] + #users)
  local inside = redis.call('ZCARD', KEYS[4])
  if inside > room[INSIDE_MAX] then
    change(room, INSIDE_MAX, inside)
  end
  redis.call('PUBLISH', KEYS[7], '{"admitted":[' .. table.concat(users, ',') .. '],"front":'
    .. room[FRONT] .. ',"waiting":' .. redis.call('ZCARD', KEYS[2]) .. '}')
end
