-- Make the sessions that began before a moment void; an epoch never moves back.
-- with: full
-- ARGV: the moment
-- Replies: OK
local meta = unpack(KEYS)

even_if_full(meta)
local before = tonumber(redis.call('HGET', meta, 'epoch') or '')
if not before or before < tonumber(ARGV[1]) then
  redis.call('HSET', meta, 'epoch', ARGV[1])
else
  redis.call('HSET', meta, 'epoch', before) -- so that a WAIT that follows covers it, whoever wrote it
end
return 'OK'
