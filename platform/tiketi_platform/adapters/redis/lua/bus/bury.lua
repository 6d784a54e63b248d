-- Moves a message that a group cannot apply to the group's dead letters.
-- KEYS: 1 stream, 2 dead letters.
-- ARGV: 1 group, 2 entry id, 3 dead_letters_max, 4 reason, 5 attempts_count.
-- Returns 1, or 0 if the entry was no longer pending or is gone from the stream.
local pending = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1)
if #pending == 0 then
  return 0
end
local entry = redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[2])[1]
if entry then
  local fields = entry[2]
  for _, word in ipairs({ 'entry', ARGV[2], 'reason', ARGV[4], 'attempts_count', ARGV[5] }) do
    fields[#fields + 1] = word
  end
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', unpack(fields))
end
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
return entry and 1 or 0
