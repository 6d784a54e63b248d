-- Makes the room of an event, once.
-- KEYS: as in _room.lua. ARGV: 1 now_ms, then the policy: 2 state, 3 capacity, 4 admit_per_second,
--       5 session_ttl_ms, 6 waiting_max, 7 grace_ms
-- Returns 1 if it was made now, 0 if it was there.
-- include: queue/_room.lua

if redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
redis.call('SET', KEYS[1], '')
local room = load_room()
for i = STATE, GRACE_MS do
  change(room, i, tonumber(ARGV[i]))
end
change(room, TOKENS, room[ADMIT_PER_SECOND] * 1000)
change(room, TOKENS_AT_MS, now_ms)
change(room, PACE_SINCE_MS, now_ms)
log(room, 'policy', '-', '-')
return finish(room, 1)
