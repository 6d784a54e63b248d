-- The moment that a script goes by: the caller's, or Redis' own, which all replicas share.
-- ARGV[1]: the moment in ms, 0 for Redis' own clock. Returns nothing by itself: a function for the scripts that include it.

local function given_ms()
  local given = tonumber(ARGV[1])
  if given > 0 then
    return given
  end
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
