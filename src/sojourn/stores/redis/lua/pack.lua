-- All that is kept of a subject; and whoever has read them before this cannot commit any more.
-- with: full
-- ARGV: subject, a version that nobody else uses
-- Replies: the epoch, the subject's profile, who tells of them, the latest end of that, and three lists of records:
--   sessions, tickets, events in the order of recording
local subjects, sessions, tickets, events, history, ticketed, told, leases, used, meta = unpack(KEYS)

local subject = ARGV[1]
local first, beyond = '[' .. subject .. '\0', '(' .. subject .. '\1'
local entry = redis.call('HGET', subjects, subject) or ''
local listed, profile = string.match(entry, '^[^\t\n]*\t?([^\n]*)\n?(.*)$')
-- With an entry of its own even if there was none: a first session, decided about when nothing was there, is late, too.
even_if_full(meta)
redis.call('HSET', subjects, subject, ARGV[2] .. (listed == '' and '' or '\t') .. listed .. '\n' .. profile)

local function of(container, skipped, hash)
  local found = {}
  for _, member in ipairs(redis.call('ZRANGEBYLEX', container, first, beyond)) do
    local record = redis.call('HGET', hash, string.sub(member, #subject + 2 + skipped))
    if record then table.insert(found, record) end
  end
  return found
end

local all = of(history, 16, sessions)
for sid in string.gmatch(listed, '[^\t]+') do
  local record = redis.call('HGET', sessions, sid)
  if record then table.insert(all, record) end
end
return {
  redis.call('HGET', meta, 'epoch'), profile, redis.call('HGET', leases, subject), redis.call('ZSCORE', used, subject),
  all, of(ticketed, 0, tickets), of(told, 16, events),
}
