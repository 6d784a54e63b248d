-- Whose silence it is: of those who went away, or of a platform that nobody can reach.
-- KEYS, ARGV: as in _room.lua. Returns nothing by itself: functions for the scripts that include it.
-- include: queue/_room.lua

local NOTED_EVERY_MS = 500
local UNSERVED_MS_MAX = 2000
local HUSH_LINE_MIN = 5
local HUSH_MS_MAX = 600000

-- Whoever was silent while nobody could be heard has not gone away. All pumps admit several times a second:
-- when none did for a while (Redis or every replica was away, or the clock jumped), silence counts anew.
local function serve(room)
  if redis.call('ZCARD', KEYS[2]) == 0 then
    return
  end
  local unserved_ms = now_ms - room[SERVED_AT_MS]
  if unserved_ms > UNSERVED_MS_MAX then
    change(room, RESUMED_AT_MS, now_ms)
  end
  if unserved_ms >= NOTED_EVERY_MS then
    change(room, SERVED_AT_MS, now_ms)
  end
end

-- Whoever is there asks within two fifths of the grace. When nobody of a whole line did for half of it, the
-- way to us is broken: nobody could use an admission, and nobody can help being silent.
local function is_hushed(room)
  local silent_ms = now_ms - room[HEARD_AT_MS]
  return silent_ms >= room[GRACE_MS] / 2 and silent_ms <= HUSH_MS_MAX
    and redis.call('ZCARD', KEYS[2]) >= HUSH_LINE_MIN
end

-- Somebody reached us, whoever it was; after a hush everybody's silence counts anew.
local function heard(room)
  if is_hushed(room) then
    change(room, RESUMED_AT_MS, now_ms)
  end
  if now_ms - room[HEARD_AT_MS] >= NOTED_EVERY_MS then
    change(room, HEARD_AT_MS, now_ms)
  end
end
