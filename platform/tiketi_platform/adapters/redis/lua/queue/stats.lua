-- The room at a glance; changes nothing.
-- KEYS: as in _room.lua. ARGV: 1 now_ms
-- Returns {state, capacity, admit_per_second, session_ttl_ms, waiting_max, grace_ms, waiting, inside,
--         entered, admitted, expired, left, gave_up, skipped, inside_max, pace_milli, front,
--         log_truncated}; or -1: no room. Sessions over but not reaped are not inside.
-- include: queue/_room.lua

local room = load_room()
if not room then
  return -1
end
return {
  room.state, room.capacity, room.admit_per_second, room.session_ttl_ms, room.waiting_max,
  room.grace_ms, redis.call('ZCARD', KEYS[2]),
  redis.call('ZCOUNT', KEYS[4], '(' .. room.now_ms, '+inf'), room.number, room.admitted_total,
  room.expired_total, room.left_total, room.gave_up_total, room.skipped_total, room.inside_max,
  pace_milli(room), room.front, room.log_truncated,
}
