-- Open sessions that time has ended, in the order of (deadline, sid).
-- with: record, order, events, forgetting
-- ARGV: the moment before which that was, a place: deadline, sid ('', '': none), how many
-- Replies: how many were looked at, deadline and sid of the last of them, the epoch, and for each: deadline, sid, record
local subjects, sessions, tokens, open, created, ended, history, addressed, meta = unpack(KEYS)

local to = {
  subjects = subjects, sessions = sessions, tokens = tokens, open = open, created = created, ended = ended,
  history = history, addressed = addressed,
}
local entries = stretch(open, '', ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), false)
local reply = header(entries)
table.insert(reply, redis.call('HGET', meta, 'epoch'))
for _, entry in ipairs(entries) do
  local record = open_record(to, entry[1])
  if record then table.insert(reply, {entry[2], entry[1], record}) end
end
return reply
