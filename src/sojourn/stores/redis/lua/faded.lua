-- What was last of use before a moment is not looked for again: what of it could fade has.
-- with: record, events, forgetting
-- ARGV: subject, the moment
-- Replies: the subject's entry, if there is nothing of them but perhaps a profile
local subjects, sessions, history, seen = unpack(KEYS)

local at = redis.call('ZSCORE', seen, ARGV[1])
if at and tonumber(at) < tonumber(ARGV[2]) then redis.call('ZREM', seen, ARGV[1]) end
return alone({subjects = subjects, sessions = sessions, history = history}, ARGV[1]) or false
