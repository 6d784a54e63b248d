-- Lets the head of the line in, as far as room and rate go.
-- KEYS, ARGV: as in _room.lua. Returns nothing by itself: functions for the scripts that include it.
-- include: queue/_sessions.lua
-- include: queue/_polls.lua
-- include: queue/_silence.lua

-- Looks at the `count` first in line: those who showed no life within the grace are skipped, the others
-- let in. Returns how many were there, how many were let in, how many skipped.
local function admit_head(room, count)
  local head = redis.call('ZRANGE', KEYS[2], 0, count - 1, 'WITHSCORES')
  if #head == 0 then
    return 0, 0, 0
  end
  local users = {}
  for i = 1, #head, 2 do
    users[#users + 1] = head[i]
  end
  local seen = redis.call('HMGET', KEYS[3], unpack(users))
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, #users - 1)
  redis.call('HDEL', KEYS[3], unpack(users))
  change(room, FRONT, tonumber(head[#head]))
  local present, numbers, skipped, promises, kept = {}, {}, 0, 0, 0
  for i, user in ipairs(users) do
    local seen_ms, _, promised_ms = struct.unpack(SEEN, seen[i])
    promises = promises + (promised_ms > 0 and 1 or 0)
    if now_ms - math.max(seen_ms, room[RESUMED_AT_MS]) > room[GRACE_MS] then
      skipped = skipped + 1
      log(room, 'skipped', user, head[2 * i])
    else
      present[#present + 1] = user
      numbers[#numbers + 1] = head[2 * i]
      kept = kept + (now_ms <= promised_ms and 1 or 0)
    end
  end
  if skipped > 0 then
    change(room, SKIPPED, room[SKIPPED] + skipped)
  end
  count_promises(room, promises, kept)
  if #present > 0 then
    begin_sessions(room, present, numbers)
  end
  return #users, #present, skipped
end

-- Reaps, then admits unless the line is hushed; looks at no more than `batch_max` of each. Returns how many
-- were admitted, skipped and reaped, and 1 if there may be more to do at once.
local function admit(room, batch_max)
  serve(room)
  local reaped = reap(room, batch_max)
  local admitted, skipped, looked = 0, 0, 0
  local room_for = is_hushed(room) and 0 or quota(room)
  while room_for > 0 and looked < batch_max do
    local there, let_in, passed = admit_head(room, math.min(room_for, batch_max - looked))
    if there == 0 then
      break
    end
    looked = looked + there
    admitted = admitted + let_in
    skipped = skipped + passed
    room_for = room_for - let_in
  end
  local more = (reaped == batch_max or looked == batch_max) and 1 or 0
  return admitted, skipped, reaped, more
end
