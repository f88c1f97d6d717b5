-- A subject of whom nothing is left that must be remembered, unless something was decided about them since.
-- with: record, events, forgetting
-- ARGV: subject, the entry that was judged
-- Replies: OK
local subjects, sessions, history, seen, signed_in, meta = unpack(KEYS)

if alone({subjects = subjects, sessions = sessions, history = history}, ARGV[1]) == ARGV[2] then
  redis.call('HDEL', subjects, ARGV[1])
  redis.call('HSET', meta, 'vanished', string.match(ARGV[2], '^[^\t\n]*')) -- see commit.lua
  for _, container in ipairs({seen, signed_in}) do redis.call('ZREM', container, ARGV[1]) end
end
return 'OK'
