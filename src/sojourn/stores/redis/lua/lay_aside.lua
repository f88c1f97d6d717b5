-- Letters of a subject that cannot be read: nobody waits for them any more; they are kept for whoever looks into it.
-- with: events
-- ARGV: subject; for each letter its number in 16 digits and its id, and the record as it was read
-- Replies: OK. A record that is another by now stays as it is
local events, waiting, due, ready, leased, dead = unpack(KEYS)

local to = {due = due, ready = ready, leased = leased}
local subject = ARGV[1]
for i = 2, #ARGV, 2 do
  local number, id = string.sub(ARGV[i], 1, 16), string.sub(ARGV[i], 17)
  local record = redis.call('HGET', events, id)
  if (record or '') == ARGV[i + 1] then
    redis.call('ZREM', waiting, subject .. '\0' .. ARGV[i])
    drop_due(to, subject, ARGV[i])
    if record then redis.call('ZADD', dead, number, id) end
  end
end
make_ready(to, subject)
return 'OK'
