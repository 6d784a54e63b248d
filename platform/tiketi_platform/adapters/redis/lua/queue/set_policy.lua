-- Changes the policy; it holds for the next admission on, and never ends a session.
-- KEYS: as in _room.lua. ARGV: 1 now_ms, 2 batch_max, then new values, '' where one stays: 3 state, 4 capacity,
--       5 admit_per_second, 6 session_ttl_ms, 7 waiting_max, 8 grace_ms
-- Returns {state, capacity, admit_per_second, session_ttl_ms, waiting_max, grace_ms}; or -1: no room.
-- include: queue/_admit.lua

local room = load_room()
if not room then
  return -1
end
local FIELDS = {'state', 'capacity', 'admit_per_second', 'session_ttl_ms', 'waiting_max', 'grace_ms'}
take_tokens(room, 0) -- what the old rate earned until now
local changed = false
for i, field in ipairs(FIELDS) do
  local value = tonumber(ARGV[i + 2])
  if value and value ~= room[field] then
    change(room, field, value)
    changed = true
  end
end
if changed then
  change(room, 'tokens', tokens_now(room))
  log(room, 'policy', '', '')
  redis.call('PUBLISH', KEYS[7], '{"state":' .. room.state .. ',"capacity":' .. room.capacity .. '}')
  admit(room, tonumber(ARGV[2]))
  save_room()
end
local policy = {}
for i, field in ipairs(FIELDS) do
  policy[i] = room[field]
end
return policy
