-- What is live, counted. Sessions whose record cannot be read are not.
-- with: record, order, counts
-- ARGV: now, a place: deadline, sid ('', '': none), how many
-- Replies: how many were looked at, deadline and sid of the last of them, and how many live ones each kind of device,
--   each client, each subject has
local open, sessions, meta = unpack(KEYS)

local now, epoch = tonumber(ARGV[1]), redis.call('HGET', meta, 'epoch')
local kinds, clients, subjects = {}, {}, {}
local entries = stretch(open, ARGV[1], '', ARGV[2], ARGV[3], tonumber(ARGV[4]), false)
for _, entry in ipairs(entries) do
  local record = redis.call('HGET', sessions, entry[1])
  if not record then redis.call('ZREM', open, entry[1]) end -- lost behind our back
  local facts = record and facts_of(record)
  local body = facts and is_live(facts, now, epoch) and body_of(record, facts)
  if body and type(body[2]) == 'string' and type(body[8]) == 'string' and type(body[9]) == 'string' then
    add(subjects, body[2])
    add(clients, body[8])
    add(kinds, body[9])
  end
end
local reply = header(entries)
for _, counts in ipairs({kinds, clients, subjects}) do table.insert(reply, flat(counts)) end
return reply
