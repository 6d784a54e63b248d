-- How often a user may enter again, be refused or leave: a count per user in a window of the room's clock.
-- A first entering costs nothing here, so a crowd of a million does not either.
-- KEYS, ARGV: as in _room.lua. Returns nothing by itself: functions for the scripts that include it.
-- include: queue/_room.lua

local ENTER_WINDOW_MS = 10000

local function enter_window()
  return math.floor(now_ms / ENTER_WINDOW_MS)
end

local function enters_of(room, user)
  if room[ENTERS_WINDOW] ~= enter_window() then
    return 0
  end
  return tonumber(redis.call('HGET', KEYS[9], user) or 0)
end

local function count_enter(room, user)
  if room[ENTERS_WINDOW] ~= enter_window() then
    redis.call('UNLINK', KEYS[9])
    change(room, ENTERS_WINDOW, enter_window())
  end
  redis.call('HINCRBY', KEYS[9], user, 1)
  redis.call('PEXPIRE', KEYS[9], 2 * ENTER_WINDOW_MS)
end
