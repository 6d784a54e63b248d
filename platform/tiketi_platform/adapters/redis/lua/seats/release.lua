-- Releases those locks that are still this owner's; one that ran out and is another's now stays.
-- KEYS: one per seat. ARGV: 1 owner token.
-- Returns how many were released.
local released = 0
for _, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[1] then
    released = released + redis.call('DEL', key)
  end
end
return released
