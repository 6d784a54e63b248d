-- The room at a glance; changes nothing but, when its moment has come, the end of gathering.
-- KEYS: as in _room.lua. ARGV: 1 now_ms
-- Returns {state, capacity, admit_per_second, session_ttl_ms, waiting_max, grace_ms, opens_at_ms, phase,
--         waiting, inside, entered, admitted, expired, left, gave_up, skipped, inside_max, pace_milli, front,
--         log_truncated, promises, promises_kept, hushed}; or -1: no room. Sessions over but not reaped are
--         not inside; hushed = 1: nobody is let in, because nobody of a whole line is heard.
-- include: queue/_silence.lua

local room = load_room()
if not room then
  return -1
end
-- Every log begins with a policy: where there is none, it ran out.
local log_truncated = redis.call('EXISTS', KEYS[6]) == 0 and 1 or room[LOG_TRUNCATED]
return finish(room, {
  room[STATE], room[CAPACITY], room[ADMIT_PER_SECOND], room[SESSION_TTL_MS], room[WAITING_MAX],
  room[GRACE_MS], room[OPENS_AT_MS], room[PHASE], redis.call('ZCARD', KEYS[2]),
  redis.call('ZCOUNT', KEYS[4], '(' .. now_ms, '+inf'), room[NUMBER], room[ADMITTED],
  room[EXPIRED], room[LEFT], room[GAVE_UP], room[SKIPPED], room[INSIDE_MAX],
  pace_milli(room, PACE), room[FRONT], log_truncated, room[PROMISES], room[PROMISES_KEPT],
  is_hushed(room) and 1 or 0, pace_milli(room, ENDS),
})
