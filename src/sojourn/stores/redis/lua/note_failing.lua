-- That a sink is failing, or that it is not.
-- with: full
-- ARGV: sink, what is known of it ('': it works)
-- Replies: OK
local sinks = unpack(KEYS)

even_if_full(sinks)
if ARGV[2] == '' then redis.call('HDEL', sinks, ARGV[1]) else redis.call('HSET', sinks, ARGV[1], ARGV[2]) end
return 'OK'
