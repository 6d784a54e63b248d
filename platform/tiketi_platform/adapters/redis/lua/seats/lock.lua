-- Locks seats for one buyer: all of them or none. A lock of the same user counts as none of his own
-- and is left as it is: his requests queue behind each other in the database. So does a request that was let
-- through before, because it may have reserved these seats: it passes the locks of others and takes none.
-- KEYS: one per seat; then, for a request with a key, its pass.
-- ARGV: 1 owner token, `user:nonce`, 2 time to live, ms, 3 time to live of the pass, ms, for a request with a key.
-- Returns the places (from 1) of the keys that others have locked; empty when the request is let through.
local user = string.match(ARGV[1], '^[^:]*:')
local pass = ARGV[3] and KEYS[#KEYS]
local free, others = {}, {}
for place = 1, pass and #KEYS - 1 or #KEYS do
  local owner = redis.call('GET', KEYS[place])
  if not owner then
    free[#free + 1] = KEYS[place]
  elseif string.sub(owner, 1, #user) ~= user then
    others[#others + 1] = place
  end
end
if #others > 0 then
  return pass and redis.call('EXISTS', pass) == 1 and {} or others
end
for _, key in ipairs(free) do
  redis.call('SET', key, ARGV[1], 'PX', ARGV[2])
end
if pass then
  redis.call('SET', pass, '', 'PX', ARGV[3])
end
return others
