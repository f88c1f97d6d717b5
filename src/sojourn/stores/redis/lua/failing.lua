-- The sinks that are failing.
-- Replies: for each its name, what is known of it
local sinks = unpack(KEYS)

return redis.call('HGETALL', sinks)
