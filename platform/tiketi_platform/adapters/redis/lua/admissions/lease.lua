-- Lets one relay at a time tell of a room's admissions, and says where the last one stopped.
-- KEYS: 1 lease, 2 told. ARGV: 1 owner, 2 lease_ms
-- Returns the id of the last entry of the admission log that was told of ('0-0': none yet); nil if the
--         lease is somebody else's.

local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then
  return nil
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return redis.call('GET', KEYS[2]) or '0-0'
