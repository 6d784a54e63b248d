-- Reads and writes the scalars of one room. Every script of this group takes the same
-- KEYS: 1 room, 2 waiting, 3 seen, 4 admitted, 5 sessions, 6 log, 7 news, 8 bought
-- and ARGV[1]: the caller's clock in ms. Returns nothing by itself: functions for the scripts that include it.
--
-- The room has a clock of its own that never runs backwards: the caller's, or the last one logged if that
-- is later. Whatever is not in `changes` at the end was not written, so that looking costs no write.

local OPEN, CLOSED = 0, 2
local PACE_WINDOW_MS = 10000
local PACE_SPAN_MS_MIN = 1000

local changes = {}

local function change(room, field, value)
  room[field] = value
  changes[field] = value
end

local function load_room()
  local flat = redis.call('HGETALL', KEYS[1])
  if #flat == 0 then
    return nil
  end
  local room = {}
  for i = 1, #flat, 2 do
    room[flat[i]] = tonumber(flat[i + 1])
  end
  room.now_ms = math.max(tonumber(ARGV[1]), room.clock_ms)
  return room
end

local function save_room()
  local flat = {}
  for field, value in pairs(changes) do
    flat[#flat + 1] = field
    flat[#flat + 1] = value
  end
  if #flat > 0 then
    redis.call('HSET', KEYS[1], unpack(flat))
  end
end

-- The entry's id is the room's clock and a sequence number: ascending, and its first part is the moment.
local function log(room, kind, user, number)
  if room.clock_ms ~= room.now_ms then
    change(room, 'clock_ms', room.now_ms)
  end
  redis.call('XADD', KEYS[6], room.now_ms .. '-*',
    'kind', kind, 'user', user, 'number', number, 'capacity', room.capacity)
end

-- The bucket holds thousandths of admissions and at most one second's worth; nothing is ever rounded.
local function tokens_now(room)
  local filled = room.tokens + (room.now_ms - room.tokens_at_ms) * room.admit_per_second
  return math.min(room.admit_per_second * 1000, filled)
end

local function take_tokens(room, count)
  change(room, 'tokens', tokens_now(room) - count * 1000)
  change(room, 'tokens_at_ms', room.now_ms)
end

-- Admissions counted in this window of the clock and in the one before.
local function pace_counts(room)
  local window = math.floor(room.now_ms / PACE_WINDOW_MS)
  if window == room.pace_window then
    return window, room.pace_now, room.pace_before
  elseif window == room.pace_window + 1 then
    return window, 0, room.pace_now
  end
  return window, 0, 0
end

local function count_pace(room, count)
  local window, now, before = pace_counts(room)
  if now == 0 and before == 0 then
    change(room, 'pace_since_ms', room.now_ms)
  end
  change(room, 'pace_window', window)
  change(room, 'pace_now', now + count)
  change(room, 'pace_before', before)
end

-- Admissions per 1,000 seconds, over a sliding window: the part of the window before that still counts.
local function pace_milli(room)
  local _, now, before = pace_counts(room)
  local rest_ms = PACE_WINDOW_MS - room.now_ms % PACE_WINDOW_MS
  local weighted = now * PACE_WINDOW_MS + before * rest_ms
  local span_ms = math.max(PACE_SPAN_MS_MIN, room.now_ms - room.pace_since_ms)
  span_ms = math.min(PACE_WINDOW_MS, span_ms)
  return math.floor(weighted * 1000000 / (PACE_WINDOW_MS * span_ms))
end
