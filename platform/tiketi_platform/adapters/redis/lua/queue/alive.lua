-- Takes word that users are still there, for a whole process's sockets at once, and says how each stands.
-- KEYS: as in _room.lua. ARGV: 1 now_ms, 2… users
-- Returns for each user the number in the line (waiting; 0: none yet), -1 (admitted) or -2 (neither); or -1
--         alone: no room.
-- include: queue/_polls.lua
-- include: queue/_silence.lua

local room = load_room()
if not room then
  return -1
end
heard(room)
local users = {unpack(ARGV, 2)}
local numbers = redis.call('ZMSCORE', KEYS[2], unpack(users))
local answers = {}
for i, user in ipairs(users) do
  if numbers[i] then
    local number = tonumber(numbers[i])
    answers[i] = is_undrawn(room, number) and 0 or number
    still_there(room, user)
  else
    local ends_ms = tonumber(redis.call('ZSCORE', KEYS[4], user) or '')
    answers[i] = (ends_ms and ends_ms > now_ms) and -1 or -2
  end
end
return finish(room, answers)
