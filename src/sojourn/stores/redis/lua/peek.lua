-- Whose letter has been due longest, of those on whom nobody has a lease. Leases that are over by now are let go of.
-- with: events
-- ARGV: now
-- Replies: nothing, or when it is due, its number, its subject
local due, ready, leased = unpack(KEYS)

local to = {due = due, ready = ready, leased = leased}
for _, subject in ipairs(redis.call('ZRANGEBYSCORE', leased, '-inf', ARGV[1])) do
  redis.call('ZREM', leased, subject)
  make_ready(to, subject)
end
local subject = redis.call('ZRANGEBYSCORE', ready, '-inf', ARGV[1], 'LIMIT', 0, 1)[1]
if not subject then return false end
local first = redis.call('ZRANGEBYLEX', due, '[' .. subject .. '\0', '(' .. subject .. '\1', 'LIMIT', 0, 1)[1]
if not first then -- lost behind our back
  redis.call('ZREM', ready, subject)
  return false
end
return {string.sub(first, #subject + 2, #subject + 17), string.sub(first, #subject + 18, #subject + 33), subject}
