-- KEYS[1] counter. ARGV[1] how much. Returns {sum, half, quarter}, or -1 when ARGV[1] is negative.
-- include: test/_half.lua
-- include: test/_quarter.lua
if tonumber(ARGV[1]) < 0 then return -1 end
local sum = redis.call('INCRBY', KEYS[1], ARGV[1])
return { sum, half(sum), quarter(sum) }
