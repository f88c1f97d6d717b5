-- Sessions of a subject: the open ones, then the ended ones, the latest end first.
-- ARGV: subject, the place in `history` after which to go on ('': the open ones first), how many ended ones
-- Replies: the epoch, the place of the last one ('': there are no more), the records
local subjects, sessions, history, meta = unpack(KEYS)

local subject, place = ARGV[1], ARGV[2]
local reply = {redis.call('HGET', meta, 'epoch'), ''}
if place == '' then
  local entry = redis.call('HGET', subjects, subject) or ''
  for sid in string.gmatch(string.match(entry, '^[^\t\n]*\t?([^\n]*)'), '[^\t]+') do
    local record = redis.call('HGET', sessions, sid)
    if record then table.insert(reply, record) end
  end
end
local first = place == '' and '[' .. subject .. '\0' or '(' .. place
local found = redis.call('ZRANGEBYLEX', history, first, '(' .. subject .. '\1', 'LIMIT', 0, ARGV[3])
for _, member in ipairs(found) do
  local record = redis.call('HGET', sessions, string.sub(member, #subject + 18))
  if record then
    table.insert(reply, record)
  else -- lost behind our back
    redis.call('ZREM', history, member)
  end
end
if #found == tonumber(ARGV[3]) then reply[2] = found[#found] end
return reply
