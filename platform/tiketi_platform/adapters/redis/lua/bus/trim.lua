-- Drops from a stream what every group has acknowledged, some at a time; nothing while a group is absent.
-- KEYS: 1 stream. ARGV: the groups that listen; without any, only the newest entries are kept.
-- Returns how many entries were dropped.
local unheard_kept = 1000
if redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
if #ARGV == 0 then
  return redis.call('XTRIM', KEYS[1], 'MAXLEN', '~', unheard_kept)
end

local function parts(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(seq)
end

local function earlier(a, b)
  local a_ms, a_seq = parts(a)
  local b_ms, b_seq = parts(b)
  return a_ms < b_ms or (a_ms == b_ms and a_seq < b_seq)
end

-- The oldest entry that each group may still need; the last one it was given counts as needed.
local needed = {}
for _, flat in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local group = {}
  for i = 1, #flat, 2 do
    group[flat[i]] = flat[i + 1]
  end
  needed[group.name] = group['last-delivered-id']
  if group.pending > 0 then
    needed[group.name] = redis.call('XPENDING', KEYS[1], group.name)[2]
  end
end
local oldest
for _, name in ipairs(ARGV) do
  local id = needed[name]
  if not id then
    return 0
  end
  if not oldest or earlier(id, oldest) then
    oldest = id
  end
end
return redis.call('XTRIM', KEYS[1], 'MINID', '~', oldest)
