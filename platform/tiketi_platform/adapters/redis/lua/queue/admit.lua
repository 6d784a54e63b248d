-- Reaps sessions that ran out and lets the head of the line in; what every replica's pump calls.
-- KEYS: as in _room.lua. ARGV: 1 now_ms, 2 batch_max, 3 log_max (lines)
-- Returns {admitted, skipped, reaped, more, waiting, inside, drawing}; more = 1: call again at once;
--         drawing = 1: the draw is due. Or -1: no room.
-- include: queue/_admit.lua

local TRIM_PAGE, TRIM_LINES_MAX = 20, 20000

-- Drops the oldest entries while there are too many lines, but no more than so many in one call.
local function trim_log(room, lines_max)
  local excess = math.min(room[LOG_LINES] - lines_max, TRIM_LINES_MAX)
  local lines, entries, from = 0, 0, '-'
  while lines < excess do
    local page = redis.call('XRANGE', KEYS[6], from, '+', 'COUNT', TRIM_PAGE)
    for _, entry in ipairs(page) do
      if lines < excess then
        local _, spaces = string.gsub(entry[2][2], ' ', '')
        lines = lines + math.floor(spaces / 2)
        entries = entries + 1
      end
      from = '(' .. entry[1]
    end
    if #page < TRIM_PAGE then
      break
    end
  end
  if entries > 0 then
    redis.call('XTRIM', KEYS[6], 'MAXLEN', redis.call('XLEN', KEYS[6]) - entries)
    change(room, LOG_LINES, room[LOG_LINES] - lines)
    change(room, LOG_TRUNCATED, 1)
  end
end

local room = load_room()
if not room then
  return -1
end
local admitted, skipped, reaped, more = admit(room, tonumber(ARGV[2]))
trim_log(room, tonumber(ARGV[3]))
local drawing = room[PHASE] == DRAWING and 1 or 0
local waiting, inside = redis.call('ZCARD', KEYS[2]), redis.call('ZCARD', KEYS[4])
return finish(room, {admitted, skipped, reaped, more, waiting, inside, drawing})
