-- Writes down how far a room's admissions were told of, if the batch begins where the last one ended.
-- KEYS: 1 lease, 2 told. ARGV: 1 owner, 2 lease_ms, 3 id of the last entry told of, 4 id of the last one before
-- Returns 1, or 0 if somebody else wrote down more meanwhile. It does not ask for the lease: what was told
--         was told, and a bus that is slower than the lease must not begin again for ever.

if (redis.call('GET', KEYS[2]) or '0-0') ~= ARGV[4] then
  return 0
end
redis.call('SET', KEYS[2], ARGV[3])
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 1
