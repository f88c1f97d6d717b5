-- Sessions by their sids.
-- ARGV: sids, at most some hundred
-- Replies: the epoch, and a record or nothing for each
local sessions, meta = unpack(KEYS)

return {redis.call('HGET', meta, 'epoch'), unpack(redis.call('HMGET', sessions, unpack(ARGV)))}
