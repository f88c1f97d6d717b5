-- A subject's ended sessions, the latest end first.
-- ARGV: subject, how many
-- Replies: their records
local history, sessions = unpack(KEYS)

local found = {}
local first = ARGV[1] .. '\0'
for _, place in ipairs(redis.call('ZRANGEBYLEX', history, '[' .. first, '(' .. ARGV[1] .. '\1', 'LIMIT', 0, ARGV[2])) do
  local record = redis.call('HGET', sessions, string.sub(place, #first + 17))
  if record then table.insert(found, record) end
end
return found
