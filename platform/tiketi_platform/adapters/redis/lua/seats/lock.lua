-- Locks seats for one buyer: all of them or none. A lock of the same user counts as none of his own
-- and is left as it is: his requests queue behind each other in the database.
-- KEYS: one per seat. ARGV: 1 owner token, `user:nonce`, 2 time to live, ms.
-- Returns the places (from 1) of the keys that others have locked; empty when all are locked now.
local user = string.match(ARGV[1], '^[^:]*:')
local free, others = {}, {}
for place, key in ipairs(KEYS) do
  local owner = redis.call('GET', key)
  if not owner then
    free[#free + 1] = key
  elseif string.sub(owner, 1, #user) ~= user then
    others[#others + 1] = place
  end
end
if #others == 0 then
  for _, key in ipairs(free) do
    redis.call('SET', key, ARGV[1], 'PX', ARGV[2])
  end
end
return others
