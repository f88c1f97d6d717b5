-- Events that a sink has given up, in the order of recording.
-- ARGV: the number from which on, how many
-- Replies: for each its number, its id
local dead = unpack(KEYS)

local reply = redis.call('ZRANGEBYSCORE', dead, ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])
for i = 1, #reply, 2 do reply[i], reply[i + 1] = string.format('%.0f', reply[i + 1]), reply[i] end
return reply
