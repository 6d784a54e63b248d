-- Changes the policy; it holds for the next admission on, and never ends a session.
-- KEYS: as in _room.lua. ARGV: 1 now_ms, then new values, '' where one stays: 2 state, 3 capacity,
--       4 admit_per_second, 5 session_ttl_ms, 6 waiting_max, 7 grace_ms; 8 batch_max
-- Returns {state, capacity, admit_per_second, session_ttl_ms, waiting_max, grace_ms}; or -1: no room.
-- include: queue/_admit.lua

local room = load_room()
if not room then
  return -1
end
local earned = tokens_now(room) -- at the old rate
local differs = false
for i = STATE, GRACE_MS do
  local value = tonumber(ARGV[i])
  if value and value ~= room[i] then
    change(room, i, value)
    differs = true
  end
end
if differs then
  change(room, TOKENS, earned)
  change(room, TOKENS_AT_MS, now_ms)
  change(room, TOKENS, tokens_now(room))
  log(room, 'policy', '-', '-')
  redis.call('PUBLISH', KEYS[7],
    '{"state":' .. room[STATE] .. ',"capacity":' .. room[CAPACITY] .. '}')
  admit(room, tonumber(ARGV[8]))
  save_room(room)
end
return {unpack(room, STATE, GRACE_MS)}
