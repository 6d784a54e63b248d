-- Reads and writes the scalars of one room. Every script of this group takes the same
-- KEYS: 1 room, 2 waiting, 3 seen, 4 admitted, 5 sessions, 6 log, 7 news, 8 bought
-- and ARGV[1]: the caller's clock in ms. Returns nothing by itself: functions for the scripts that include it.
--
-- The scalars are one string of doubles, because a hash of them costs ten times as much to read. A
-- shorter string is from an older version: what it lacks is 0.
--
-- The room has a clock of its own that never runs backwards: the caller's, or the last one logged if that
-- is later. A script that changed nothing writes nothing, so that looking costs no write.

local CLOCK_MS, STATE, CAPACITY, ADMIT_PER_SECOND, SESSION_TTL_MS, WAITING_MAX, GRACE_MS,
  NUMBER, FRONT, TOKENS, TOKENS_AT_MS, PACE_WINDOW, PACE_NOW, PACE_BEFORE, PACE_SINCE_MS,
  INSIDE_MAX, ADMITTED, EXPIRED, LEFT, GAVE_UP, SKIPPED, LOG_TRUNCATED =
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22
local FORMAT = '<dddddddddddddddddddddd'
local FORMAT_BYTES = 22 * 8

local OPEN, CLOSED = 0, 2
local PACE_WINDOW_MS = 10000
local PACE_SPAN_MS_MIN = 1000

local now_ms, log_id
local changed = false

local function change(room, field, value)
  room[field] = value
  changed = true
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
  now_ms = math.max(tonumber(ARGV[1]), room[CLOCK_MS])
  return room
end

local function save_room(room)
  if changed then
    redis.call('SET', KEYS[1], struct.pack(FORMAT, unpack(room, 1, LOG_TRUNCATED)))
  end
end

-- The entry's id is the room's clock and a sequence number: ascending, and its first part is the moment.
local function log(room, kind, user, number)
  if not log_id then
    log_id = string.format('%.0f-*', now_ms)
    change(room, CLOCK_MS, now_ms)
  end
  redis.call('XADD', KEYS[6], log_id,
    'line', kind .. ' ' .. user .. ' ' .. number .. ' ' .. room[CAPACITY])
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

-- Admissions counted in this window of the clock and in the one before.
local function pace_counts(room)
  local window = math.floor(now_ms / PACE_WINDOW_MS)
  if window == room[PACE_WINDOW] then
    return window, room[PACE_NOW], room[PACE_BEFORE]
  elseif window == room[PACE_WINDOW] + 1 then
    return window, 0, room[PACE_NOW]
  end
  return window, 0, 0
end

-- Admissions per 1,000 seconds, over a sliding window: the part of the window before that still counts.
local function pace_milli(room)
  local _, now, before = pace_counts(room)
  local rest_ms = PACE_WINDOW_MS - now_ms % PACE_WINDOW_MS
  local weighted = now * PACE_WINDOW_MS + before * rest_ms
  local span_ms = math.max(PACE_SPAN_MS_MIN, now_ms - room[PACE_SINCE_MS])
  span_ms = math.min(PACE_WINDOW_MS, span_ms)
  return math.floor(weighted * 1000000 / (PACE_WINDOW_MS * span_ms))
end
