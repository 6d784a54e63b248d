-- What somebody in line is told: when to ask again, what is promised, and whether the question came too early.
-- KEYS, ARGV: as in _room.lua. Returns nothing by itself: functions for the scripts that include it.
-- include: queue/_room.lua

local POLL_MS_MIN, POLL_MS_MAX = 500, 15000
local EARLY_MS_MIN = 250
local PACE_MILLI_GUESS = 10000
local SPREAD_MS = 3000
-- Last sign of life in ms, ms from then to the next poll, moment promised (0: none, BROKEN: passed and counted).
local SEEN = '<dI4d'
local BROKEN = -1

-- A promise is counted once: as kept by being let in by then, else as soon as anybody sees that it is not.
local function count_promises(room, promises, kept)
  if promises > 0 then
    change(room, PROMISES, room[PROMISES] + promises)
    change(room, PROMISES_KEPT, room[PROMISES_KEPT] + kept)
  end
end

local function seen_of(room, user)
  local packed = redis.call('HGET', KEYS[3], user)
  if not packed then
    return 0, 0, 0
  end
  local seen_ms, ask_ms, promised_ms = struct.unpack(SEEN, packed)
  if promised_ms > 0 and now_ms > promised_ms then
    count_promises(room, 1, 0)
    promised_ms = BROKEN
  end
  return seen_ms, ask_ms, promised_ms
end

-- Takes people who gave up out of the line; what was promised to them was not kept.
local function drop(room, users)
  local seen = redis.call('HMGET', KEYS[3], unpack(users))
  redis.call('ZREM', KEYS[2], unpack(users))
  redis.call('HDEL', KEYS[3], unpack(users))
  local promises = 0
  for _, packed in ipairs(seen) do
    local _, _, promised_ms = struct.unpack(SEEN, packed)
    promises = promises + (promised_ms > 0 and 1 or 0)
  end
  count_promises(room, promises, 0)
  change(room, GAVE_UP, room[GAVE_UP] + #users)
end

local function see(user, ask_ms, promised_ms)
  redis.call('HSET', KEYS[3], user, struct.pack(SEEN, now_ms, ask_ms, promised_ms))
end

-- A sign of life that is no question: when the next poll is due stays as it was.
local function still_there(room, user)
  local seen_ms, ask_ms, promised_ms = seen_of(room, user)
  see(user, math.max(0, seen_ms + ask_ms - now_ms), promised_ms)
end

-- Whether a place in `waiting` has no number yet, or none that may be seen.
local function is_undrawn(room, number)
  return room[PHASE] == GATHERING or (room[PHASE] == DRAWING and number <= room[GATHERED])
end

local function within_grace(room, ask_ms)
  return math.min(ask_ms, math.max(POLL_MS_MIN, math.floor(room[GRACE_MS] * 2 / 5)))
end

-- After a quarter of the wait; without a pace, as if ten were admitted per second.
local function next_poll_ms(room, position, pace)
  local wait_ms = math.floor(position * 1000000 / (pace > 0 and pace or PACE_MILLI_GUESS))
  local ask_ms = math.floor(wait_ms / 4)
  return within_grace(room, math.min(math.max(ask_ms, POLL_MS_MIN), POLL_MS_MAX))
end

-- Whoever gathered asks again shortly after the draw, spread by user so that not all ask at once.
local function gathered_poll_ms(room, user)
  local spread_ms = math.floor(tonumber(string.sub(user, -4)) * SPREAD_MS / 10000)
  local left_ms = math.max(0, room[OPENS_AT_MS] - now_ms)
  return within_grace(room, math.min(POLL_MS_MAX, left_ms + POLL_MS_MIN + spread_ms))
end

-- The slowest of the pace, less what chance adds to so few, and of the whole windows before, but no less than
-- a quarter of the pace.
local function pace_low_milli(room, of, pace)
  local window, now, before, earlier = pace_counts(room, of)
  local low = pace * (1 - 1.2816 / math.sqrt(math.max(1, now + before)))
  local start_ms = window * PACE_WINDOW_MS
  if room[of[5]] <= start_ms - PACE_WINDOW_MS then
    low = math.min(low, before * 1000000 / PACE_WINDOW_MS)
  end
  if room[of[5]] <= start_ms - 2 * PACE_WINDOW_MS then
    low = math.min(low, earlier * 1000000 / PACE_WINDOW_MS)
  end
  return math.max(low, pace / 4)
end

-- Half of all waits like this one are over by the first, nine of ten by the second; -1, -1 without a pace.
local function eta_ms(room, of, position, pace)
  if pace == 0 then
    return -1, -1
  end
  local late = (position + 1.2816 * math.sqrt(position) + 1) * 1000000
  return math.floor(position * 1000000 / pace),
    math.floor(late / pace_low_milli(room, of, pace)) + 1000
end

-- ms until the poll is due if it comes too early, else nil. The place is kept and the sign of life counts.
local function too_early_ms(room, user, polls)
  local seen_ms, ask_ms, promised_ms = seen_of(room, user)
  local left_ms = seen_ms + ask_ms - now_ms
  if not polls or left_ms <= math.max(EARLY_MS_MIN, math.floor(ask_ms / 10)) then
    return nil, promised_ms
  end
  see(user, left_ms, promised_ms)
  return left_ms
end

-- The answer to somebody who gathered, or waits as `number` at `position`. `polls`: must not be too early.
local function place(room, user, number, position, waiting, polls)
  local early_ms, promised_ms = too_early_ms(room, user, polls)
  if early_ms then
    return {-6, early_ms}
  end
  if is_undrawn(room, number) then
    local ask_ms = gathered_poll_ms(room, user)
    see(user, ask_ms, 0)
    return {3, waiting, room[OPENS_AT_MS], ask_ms}
  end
  -- As far as it can last: what came at once, out of a full bucket, does not, and a room fills only once.
  local of = position <= room[CAPACITY] - redis.call('ZCARD', KEYS[4]) and PACE or ENDS
  local pace = math.min(pace_milli(room, of), room[ADMIT_PER_SECOND] * 1000)
  local ask_ms = next_poll_ms(room, position, pace)
  local median_ms, late_ms = eta_ms(room, of, position, pace)
  if promised_ms == 0 and late_ms >= 0 then
    promised_ms = now_ms + late_ms
  end
  see(user, ask_ms, promised_ms)
  return {1, number, position, waiting, pace, ask_ms, median_ms, late_ms}
end
