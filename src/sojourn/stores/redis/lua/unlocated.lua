-- Records without their addresses: none of them is read for its address again.
-- ARGV: number of sessions; for each: sid, the record that was read, the record from now on; and so for events
-- Replies: how many of the sessions are so now. What has changed since it was read is left.
local addressed, sessions, exposed, events = unpack(KEYS)

local function replace(container, records, i)
  local present = redis.call('HGET', records, ARGV[i])
  if present and present ~= ARGV[i + 1] and present ~= ARGV[i + 2] then return 0 end
  redis.call('ZREM', container, ARGV[i])
  if not present then return 0 end
  redis.call('HSET', records, ARGV[i], ARGV[i + 2])
  return ARGV[i + 1] ~= ARGV[i + 2] and 1 or 0
end

local number, first = 0, 2 + 3 * ARGV[1]
for i = 2, first - 1, 3 do number = number + replace(addressed, sessions, i) end
for i = first, #ARGV, 3 do replace(exposed, events, i) end
return number
