-- Changes the policy; it holds for the next admission on, and never ends a session.
-- KEYS: as in _room.lua. ARGV: 1 now_ms, then new values, '' where one stays: 2 state, 3 capacity,
--       4 admit_per_second, 5 session_ttl_ms, 6 waiting_max, 7 grace_ms, 8 opens_at_ms; 9 batch_max;
--       secrets of a draw, used if there are none yet: 10 seed, 11 salt, 12 commitment
-- Returns {state, capacity, admit_per_second, session_ttl_ms, waiting_max, grace_ms, opens_at_ms, phase};
--         or -1: no room, -9: somebody has a number already, so opens_at comes too late; nothing changed.
-- include: queue/_admit.lua

local room = load_room()
if not room then
  return -1
end
local opens_at_ms = tonumber(ARGV[8])
if opens_at_ms and opens_at_ms ~= room[OPENS_AT_MS]
  and (room[PHASE] >= DRAWING or room[NUMBER] > 0) then
  return finish(room, -9)
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
if opens_at_ms and opens_at_ms ~= room[OPENS_AT_MS] then
  redis.call('HSETNX', KEYS[11], 'seed', ARGV[10])
  redis.call('HSETNX', KEYS[11], 'salt', ARGV[11])
  redis.call('HSETNX', KEYS[11], 'commitment', ARGV[12])
  change(room, OPENS_AT_MS, opens_at_ms)
  change(room, PHASE, GATHERING)
  differs = true
  if now_ms >= opens_at_ms then
    end_gathering(room)
  end
end
if differs then
  change(room, TOKENS, earned)
  change(room, TOKENS_AT_MS, now_ms)
  change(room, TOKENS, tokens_now(room))
  log(room, 'policy', '-', '-')
  redis.call('PUBLISH', KEYS[7],
    '{"state":' .. room[STATE] .. ',"capacity":' .. room[CAPACITY] .. '}')
  admit(room, tonumber(ARGV[9]))
end
local values = {unpack(room, STATE, GRACE_MS)}
values[#values + 1] = room[OPENS_AT_MS]
values[#values + 1] = room[PHASE]
return finish(room, values)
