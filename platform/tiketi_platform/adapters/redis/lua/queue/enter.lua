-- Takes users into the room in the order given: each keeps the place or session they have, gathers before
-- the draw, is admitted at once if nobody waits and both inlets allow it, and else queues at the end.
-- KEYS: as in _room.lua. ARGV: 1 now_ms, 2 batch_max (sessions reaped at most), 3 enters_max (per user and
--       window), 4 1: the sale has not begun, so only where there is a draw, 5… users
-- Returns for each user {1, number, position, waiting, pace_milli, next_poll_ms, eta_ms, eta_late_ms}
--         (waiting; the last two -1 without a pace), {2, number, ends_ms, waiting} (admitted), {3, waiting,
--         opens_at_ms, next_poll_ms} (gathered), {-3} (closed), {-4} (full), {-5} (there is no draw here) or
--         {-7} (too often); or -1 alone: there is no such room.
-- include: queue/_sessions.lua
-- include: queue/_polls.lua
-- include: queue/_enters.lua
-- include: queue/_silence.lua

local room = load_room()
if not room then
  return -1
end
heard(room)
local waiting = redis.call('ZCARD', KEYS[2])
local enters_max, before_sale = tonumber(ARGV[3]), ARGV[4] == '1'
local reaped = false

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

local function gather(user)
  redis.call('ZADD', KEYS[2], 0, user)
  waiting = waiting + 1
  log(room, 'gathered', user, '-')
  return place(room, user, 0, 0, waiting)
end

local function refused(user)
  if room[STATE] == CLOSED then
    return -3
  elseif before_sale and room[PHASE] == UNDRAWN then
    return -5
  elseif not may_walk_in() and waiting >= room[WAITING_MAX] then
    return -4
  end
end

local function newcomer(user)
  local refusal = refused(user)
  if refusal then
    count_enter(room, user)
    return {refusal}
  end
  if room[PHASE] == GATHERING then
    return gather(user)
  end
  local walks_in = may_walk_in()
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
  return place(room, user, number, waiting, waiting)
end

local function enter(user)
  if enters_of(room, user) >= enters_max then
    return {-7}
  end
  local number = redis.call('ZSCORE', KEYS[2], user)
  if number then
    count_enter(room, user)
    local position = redis.call('ZRANK', KEYS[2], user) + 1
    return place(room, user, tonumber(number), position, waiting)
  end
  local ends_ms = tonumber(redis.call('ZSCORE', KEYS[4], user) or '')
  if ends_ms and ends_ms > now_ms then
    count_enter(room, user)
    return {2, (session_of(user)), ends_ms, waiting}
  end
  if ends_ms then
    expire(room, user)
  end
  return newcomer(user)
end

local answers = {}
for i = 5, #ARGV do
  answers[#answers + 1] = enter(ARGV[i])
end
return finish(room, answers)
