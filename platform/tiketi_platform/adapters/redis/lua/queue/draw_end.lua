-- Makes the draw count, once all its numbers are written: from here on everybody sees them.
-- KEYS: as in _room.lua. ARGV: 1 now_ms, 2 batch_max, 3 parts
-- Returns 1; or 0: no draw is under way, or numbers are missing; nothing changed.
-- include: queue/_admit.lua

local room = load_room()
if not room then
  return 0
end
if room[PHASE] ~= DRAWING or redis.call('ZCOUNT', KEYS[2], 0, 0) > 0 then
  return finish(room, 0)
end
change(room, CLOCK_MS, now_ms)
change(room, PHASE, DRAWN)
for part = 0, tonumber(ARGV[3]) - 1 do
  append_log(room, 'entered', redis.call('HGET', KEYS[11], 'log:' .. part))
  redis.call('HDEL', KEYS[11], 'log:' .. part)
end
change(room, LOG_LINES, room[LOG_LINES] + room[GATHERED])
redis.call('HDEL', KEYS[11], 'holder', 'held_until')
redis.call('HSET', KEYS[11], 'opens_at', room[OPENS_AT_MS], 'drawn_at', now_ms,
  'count', room[GATHERED])
redis.call('PUBLISH', KEYS[7], '{"drawn":' .. room[GATHERED] .. ',"front":' .. room[FRONT]
  .. ',"waiting":' .. redis.call('ZCARD', KEYS[2]) .. '}')
admit(room, tonumber(ARGV[2]))
return finish(room, 1)
