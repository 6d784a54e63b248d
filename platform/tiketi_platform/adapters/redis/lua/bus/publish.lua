-- Appends messages to a service's stream, all or none, in order.
-- KEYS: 1 stream. ARGV: 1 length_max, then per message id, name, at_ms, request_id, payload.
-- Returns the stream's length, or -1 (FULL) if it would grow beyond length_max.
local count = (#ARGV - 1) / 5
local length = redis.call('XLEN', KEYS[1]) + count
if length > tonumber(ARGV[1]) then
  return -1
end
for i = 2, #ARGV, 5 do
  redis.call('XADD', KEYS[1], '*',
    'id', ARGV[i], 'name', ARGV[i + 1], 'at_ms', ARGV[i + 2],
    'request_id', ARGV[i + 3], 'payload', ARGV[i + 4])
end
return length
