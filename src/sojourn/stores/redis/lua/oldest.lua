-- The events that were recorded first.
-- ARGV: how many
-- Replies: for each its number, its id
local log = unpack(KEYS)

local reply = redis.call('ZRANGEBYSCORE', log, '-inf', '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[1])
for i = 1, #reply, 2 do reply[i], reply[i + 1] = string.format('%.0f', reply[i + 1]), reply[i] end
return reply
