-- Subjects begin to move here, unless that is known already.
-- ARGV: the move
-- Replies: the move that goes on
local meta = unpack(KEYS)

redis.call('HSETNX', meta, 'move', ARGV[1])
return redis.call('HGET', meta, 'move')
