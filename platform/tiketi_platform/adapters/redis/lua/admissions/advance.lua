-- Writes down how far a room's admissions were told of, if that is still the caller's to say.
-- KEYS: 1 lease, 2 told. ARGV: 1 owner, 2 lease_ms, 3 id of the last entry told of
-- Returns 1, or 0 if the lease is no longer the owner's: somebody else tells of the same again.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[2], ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
