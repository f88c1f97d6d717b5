-- All that a decision about a subject looks at, as one moment has it.
-- ARGV: subject, digest of a ticket ('': none)
-- Replies: the epoch, the subject's entry, the ticket, the version where there is no entry, each open session's record
local subjects, sessions, tickets, meta = unpack(KEYS)

local entry = redis.call('HGET', subjects, ARGV[1])
local reply = {
  redis.call('HGET', meta, 'epoch'), entry, ARGV[2] ~= '' and redis.call('HGET', tickets, ARGV[2]),
  redis.call('HGET', meta, 'vanished'),
}
for sid in string.gmatch(entry and string.match(entry, '^[^\t\n]*\t?([^\n]*)') or '', '[^\t]+') do
  local record = redis.call('HGET', sessions, sid)
  -- What is on the roster and has no record (lost behind our back) is not open. The next commit takes it off.
  if record then table.insert(reply, record) end
end
return reply
