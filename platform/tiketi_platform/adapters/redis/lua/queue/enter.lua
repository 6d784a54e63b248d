-- Takes users into the room in the order given: each keeps the place or session they have, is admitted at
-- once if nobody waits and both inlets allow it, and else queues at the end.
-- KEYS: as in _room.lua. ARGV: 1 now_ms, 2 batch_max (sessions reaped at most), 3… users
-- Returns for each user {1, number, position, waiting, pace_milli, grace_s} (waiting), {2, number,
--         ends_ms, waiting} (admitted), {-3} (closed) or {-4} (full); or -1 alone: there is no such room.
-- include: queue/_sessions.lua

local room = load_room()
if not room then
  return -1
end
local waiting = redis.call('ZCARD', KEYS[2])
local reaped = false

local function waiting_answer(user, number, position)
  redis.call('HSET', KEYS[3], user, now_ms)
  return {1, tonumber(number), position, waiting, pace_milli(room), room[GRACE_MS] / 1000}
end

local function may_walk_in()
  if waiting > 0 then
    return false
  end
  if not reaped then
    reap(room, tonumber(ARGV[2]))
    reaped = true
  end
  return quota(room) > 0
end

local function newcomer(user)
  if room[STATE] == CLOSED then
    return {-3}
  end
  local walks_in = may_walk_in()
  if not walks_in and waiting >= room[WAITING_MAX] then
    return {-4}
  end
  local number = room[NUMBER] + 1
  change(room, NUMBER, number)
  log(room, 'entered', user, number)
  if walks_in then
    change(room, FRONT, number)
    begin_sessions(room, {user}, {number})
    return {2, number, now_ms + room[SESSION_TTL_MS], waiting}
  end
  redis.call('ZADD', KEYS[2], number, user)
  waiting = waiting + 1
  return waiting_answer(user, number, waiting)
end

local function enter(user)
  local number = redis.call('ZSCORE', KEYS[2], user)
  if number then
    return waiting_answer(user, number, redis.call('ZRANK', KEYS[2], user) + 1)
  end
  local ends_ms = tonumber(redis.call('ZSCORE', KEYS[4], user) or '')
  if ends_ms and ends_ms > now_ms then
    return {2, (session_of(user)), ends_ms, waiting}
  end
  if ends_ms then
    expire(room, user)
  end
  return newcomer(user)
end

local answers = {}
for i = 3, #ARGV do
  answers[#answers + 1] = enter(ARGV[i])
end
save_room(room)
return answers
