-- Where an event stands in the order of recording.
-- ARGV: its id
-- Replies: its number; nothing if it is not recorded on this route
local log = unpack(KEYS)

local number = redis.call('ZSCORE', log, ARGV[1])
return number and string.format('%.0f', number)
