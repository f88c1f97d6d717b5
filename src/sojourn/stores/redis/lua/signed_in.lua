-- A last sign-in from before a moment is not looked for again: if it can be read, its address is forgotten.
-- ARGV: subject, the moment
-- Replies: OK
local signed_in = unpack(KEYS)

local at = redis.call('ZSCORE', signed_in, ARGV[1])
if at and tonumber(at) < tonumber(ARGV[2]) then redis.call('ZREM', signed_in, ARGV[1]) end
return 'OK'
