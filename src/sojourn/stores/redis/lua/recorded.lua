-- How many events there are.
-- Replies: their number
local log = unpack(KEYS)

return redis.call('ZCARD', log)
