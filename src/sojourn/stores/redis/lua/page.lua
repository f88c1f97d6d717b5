-- Sessions of a route in the order of (start, sid), or against it.
-- with: order
-- ARGV: started since, before ('': whenever), a place: start, sid ('', '': none), how many, whether downwards (0, 1)
-- Replies: how many were looked at, start and sid of the last of them, the epoch, and for each: start, sid, record
local created, sessions, meta = unpack(KEYS)

local entries = stretch(created, ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6] == '1')
local reply = header(entries)
table.insert(reply, redis.call('HGET', meta, 'epoch'))
for _, entry in ipairs(entries) do
  local record = redis.call('HGET', sessions, entry[1])
  if record then
    table.insert(reply, {entry[2], entry[1], record})
  else -- lost behind our back
    redis.call('ZREM', created, entry[1])
  end
end
return reply
