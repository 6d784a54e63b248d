-- Makes the room of an event, once.
-- KEYS: as in _room.lua. ARGV: 1 now_ms, then the policy: 2 state, 3 capacity, 4 admit_per_second, 5 session_ttl_ms,
--       6 waiting_max, 7 grace_ms
-- Returns 1 if it was made now, 0 if it was there.
-- include: queue/_room.lua

if redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
local now_ms = tonumber(ARGV[1])
redis.call('HSET', KEYS[1],
  'clock_ms', now_ms, 'state', ARGV[2], 'capacity', ARGV[3], 'admit_per_second', ARGV[4],
  'session_ttl_ms', ARGV[5], 'waiting_max', ARGV[6], 'grace_ms', ARGV[7],
  'number', 0, 'front', 0, 'tokens', tonumber(ARGV[4]) * 1000, 'tokens_at_ms', now_ms,
  'pace_window', 0, 'pace_now', 0, 'pace_before', 0, 'pace_since_ms', now_ms, 'inside_max', 0,
  'admitted_total', 0, 'expired_total', 0, 'left_total', 0, 'gave_up_total', 0, 'skipped_total', 0,
  'log_truncated', 0)
log(load_room(), 'policy', '', '')
return 1
