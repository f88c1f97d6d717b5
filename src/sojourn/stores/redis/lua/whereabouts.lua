-- What is known of a move to these servers, and of one subject.
-- ARGV: the subject's mark
-- Replies: the move, or nothing; whether the subject is noted
local meta, moved = unpack(KEYS)

return {redis.call('HGET', meta, 'move'), redis.call('SISMEMBER', moved, ARGV[1])}
