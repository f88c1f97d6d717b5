-- Events of a subject in the order of recording.
-- ARGV: subject, the place in `told` after which to go on ('': from the first), how many
-- Replies: the place of the last one ('': there are no more), the records
local told, events = unpack(KEYS)

local subject, place = ARGV[1], ARGV[2]
local first = place == '' and '[' .. subject .. '\0' or '(' .. place
local found = redis.call('ZRANGEBYLEX', told, first, '(' .. subject .. '\1', 'LIMIT', 0, ARGV[3])
local reply = {#found == tonumber(ARGV[3]) and found[#found] or ''}
for _, member in ipairs(found) do
  local record = redis.call('HGET', events, string.sub(member, #subject + 18))
  if record then
    table.insert(reply, record)
  else -- lost behind our back
    redis.call('ZREM', told, member)
  end
end
return reply
