-- A move is over, or none has ever been: the notes on single subjects are forgotten.
-- ARGV: what the move is called from now on ('': there is none)
-- Replies: OK
local meta, moved = unpack(KEYS)

if ARGV[1] == '' then redis.call('HDEL', meta, 'move') else redis.call('HSET', meta, 'move', ARGV[1]) end
redis.call('UNLINK', moved)
return 'OK'
