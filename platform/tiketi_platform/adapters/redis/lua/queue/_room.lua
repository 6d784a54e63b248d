-- Reads and writes the scalars of one room. Every script of this group takes the same
-- KEYS: 1 room, 2 waiting, 3 seen, 4 admitted, 5 sessions, 6 log, 7 news, 8 bought, 9 enters, 10 ended, 11 draw
-- and ARGV[1]: the moment in ms, 0 for Redis' own clock. Returns nothing by itself: functions for the scripts that include it.
--
-- The scalars are one string of doubles, because a hash of them costs ten times as much to read. A
-- shorter string is from an older version: what it lacks is 0.
--
-- The room has a clock of its own that never runs backwards: the moment given, or the last one logged if
-- that is later. A script that changed none of the scalars does not write them.
-- include: queue/_clock.lua

local CLOCK_MS, STATE, CAPACITY, ADMIT_PER_SECOND, SESSION_TTL_MS, WAITING_MAX, GRACE_MS,
  NUMBER, FRONT, TOKENS, TOKENS_AT_MS, PACE_WINDOW, PACE_NOW, PACE_BEFORE, PACE_SINCE_MS,
  INSIDE_MAX, ADMITTED, EXPIRED, LEFT, GAVE_UP, SKIPPED, LOG_TRUNCATED,
  OPENS_AT_MS, PHASE, GATHERED, PACE_EARLIER, PROMISES, PROMISES_KEPT, ENTERS_WINDOW,
  SERVED_AT_MS, RESUMED_AT_MS, LOG_LINES, HEARD_AT_MS,
  ENDS_WINDOW, ENDS_NOW, ENDS_BEFORE, ENDS_EARLIER, ENDS_SINCE_MS =
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
  27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38
local FIELDS = 38
-- What is counted by windows of the clock: people let in, and sessions that ended.
local PACE = {PACE_WINDOW, PACE_NOW, PACE_BEFORE, PACE_EARLIER, PACE_SINCE_MS}
local ENDS = {ENDS_WINDOW, ENDS_NOW, ENDS_BEFORE, ENDS_EARLIER, ENDS_SINCE_MS}
local FORMAT = '<' .. string.rep('d', FIELDS)
local FORMAT_BYTES = FIELDS * 8

local OPEN, CLOSED = 0, 2
-- Whether the line began with a draw, and how far that is: everybody before opens_at has the score 0 in
-- `waiting`; drawing, the numbers 1 to GATHERED are being written, and until they are all there nobody sees any.
local UNDRAWN, GATHERING, DRAWING, DRAWN = 0, 1, 2, 3
local PACE_WINDOW_MS = 10000
local PACE_SPAN_MS_MIN = 1000
local LINES_MAX = 1000

local now_ms
local changed = false
local kinds, subjects = {}, {}

local function change(room, field, value)
  room[field] = value
  changed = true
end

-- At opens_at nobody gathers any more: whoever is here takes part, whoever comes now queues behind.
local function end_gathering(room)
  local count = redis.call('ZCARD', KEYS[2])
  change(room, CLOCK_MS, now_ms)
  change(room, GATHERED, count)
  change(room, NUMBER, count)
  change(room, PHASE, count > 0 and DRAWING or DRAWN)
  if count == 0 then
    redis.call('HSET', KEYS[11], 'opens_at', room[OPENS_AT_MS], 'drawn_at', now_ms, 'count', 0)
  end
end

local function load_room()
  local packed = redis.call('GET', KEYS[1])
  if not packed then
    return nil
  end
  if #packed < FORMAT_BYTES then
    packed = packed .. string.rep('\0', FORMAT_BYTES - #packed)
  end
  local room = {struct.unpack(FORMAT, packed)}
  now_ms = math.max(given_ms(), room[CLOCK_MS])
  if room[PHASE] == GATHERING and now_ms >= room[OPENS_AT_MS] then
    end_gathering(room)
  end
  return room
end

-- A line of the log; `number` is '-' where there is none. Written by save_room.
local function log(room, kind, user, number)
  change(room, CLOCK_MS, now_ms)
  kinds[#kinds + 1] = kind
  subjects[#subjects + 1] = user .. ' ' .. number
end

-- An entry holds lines of one kind; its id is the room's clock and a sequence number: ascending, and its
-- first part is the moment.
local function append_log(room, kind, lines)
  redis.call('XADD', KEYS[6], string.format('%.0f-*', now_ms),
    'lines', kind .. ' ' .. room[CAPACITY] .. ' ' .. lines)
end

local function write_log(room)
  room[LOG_LINES] = room[LOG_LINES] + #kinds
  local first = 1
  while first <= #kinds do
    local last = first
    while kinds[last + 1] == kinds[first] and last + 1 < first + LINES_MAX do
      last = last + 1
    end
    append_log(room, kinds[first], table.concat(subjects, ' ', first, last))
    first = last + 1
  end
end

-- The end of every script that loaded the room; hands `answer` through.
local function finish(room, answer)
  if changed then
    write_log(room)
    redis.call('SET', KEYS[1], struct.pack(FORMAT, unpack(room, 1, FIELDS)))
  end
  return answer
end

-- The bucket holds thousandths of admissions and at most one second's worth; nothing is ever rounded.
local function tokens_now(room)
  local filled = room[TOKENS] + (now_ms - room[TOKENS_AT_MS]) * room[ADMIT_PER_SECOND]
  return math.min(room[ADMIT_PER_SECOND] * 1000, filled)
end

local function take_tokens(room, count)
  change(room, TOKENS, tokens_now(room) - count * 1000)
  change(room, TOKENS_AT_MS, now_ms)
end

-- How many were counted in this window of the clock and in the two before. `of`: PACE or ENDS.
local function pace_counts(room, of)
  local window = math.floor(now_ms / PACE_WINDOW_MS)
  local ahead = window - room[of[1]]
  local now, before = room[of[2]], room[of[3]]
  if ahead == 0 then
    return window, now, before, room[of[4]]
  elseif ahead == 1 then
    return window, 0, now, before
  elseif ahead == 2 then
    return window, 0, 0, now
  end
  return window, 0, 0, 0
end

local function count_pace(room, of, count)
  local window, now, before, earlier = pace_counts(room, of)
  if now == 0 and before == 0 then
    change(room, of[5], now_ms)
  end
  change(room, of[1], window)
  change(room, of[2], now + count)
  change(room, of[3], before)
  change(room, of[4], earlier)
end

-- How many per 1,000 seconds, over a sliding window: the part of the window before that still counts.
local function pace_milli(room, of)
  local _, now, before = pace_counts(room, of)
  local rest_ms = PACE_WINDOW_MS - now_ms % PACE_WINDOW_MS
  local weighted = now * PACE_WINDOW_MS + before * rest_ms
  local span_ms = math.max(PACE_SPAN_MS_MIN, now_ms - room[of[5]])
  span_ms = math.min(PACE_WINDOW_MS, span_ms)
  return math.floor(weighted * 1000000 / (PACE_WINDOW_MS * span_ms))
end
