-- A subject's letters that wait, recorded after one of theirs.
-- with: events
-- ARGV: subject, id of that one, how many
-- Replies: for each its number in 16 digits and its id, its record; nothing if that one is not recorded any more
local events, waiting, log = unpack(KEYS)

local subject, number = ARGV[1], redis.call('ZSCORE', log, ARGV[2])
if not number then return {} end
local after = '(' .. place(subject, number, ARGV[2])
local reply = {}
for _, listed in ipairs(redis.call('ZRANGEBYLEX', waiting, after, '(' .. subject .. '\1', 'LIMIT', 0, ARGV[3])) do
  table.insert(reply, string.sub(listed, #subject + 2))
  table.insert(reply, redis.call('HGET', events, string.sub(listed, #subject + 18)) or '')
end
return reply
