-- How much of a route is old enough to be forgotten.
-- ARGV: the moment before which it is
-- Replies: how many sessions, tickets, events, leases
local ended, expiring, moments, used = unpack(KEYS)

local reply = {}
for _, container in ipairs({ended, expiring, moments, used}) do
  table.insert(reply, redis.call('ZCOUNT', container, '-inf', '(' .. ARGV[1]))
end
return reply
