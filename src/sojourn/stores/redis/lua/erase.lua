-- All that is remembered of a subject.
-- with: record, events, forgetting
-- ARGV: subject
-- Replies: how many sessions, tickets and events there were
local subjects, sessions, tokens, open, created, ended, history, addressed, seen, signed_in, tickets, expiring, ticketed, events, log, moments, exposed, told, waiting, due, ready, leases, leased, used, dead, meta = unpack(KEYS)

local to = {
  sessions = sessions, tokens = tokens, open = open, created = created, ended = ended, history = history,
  addressed = addressed, tickets = tickets, expiring = expiring, ticketed = ticketed, events = events, log = log,
  moments = moments, exposed = exposed, told = told, waiting = waiting, due = due, ready = ready, leased = leased,
  dead = dead,
}
local subject, number = ARGV[1], 0
local first, beyond = '[' .. subject .. '\0', '(' .. subject .. '\1'

-- What stands behind the subject, and the `skipped` digits, in a container that is sorted by subject.
local function of_subject(container, skipped)
  local found = redis.call('ZRANGEBYLEX', container, first, beyond)
  for i, member in ipairs(found) do found[i] = string.sub(member, #subject + 2 + skipped) end
  return found
end

local sids = of_subject(history, 16)
local entry = redis.call('HGET', subjects, subject) or ''
for sid in string.gmatch(string.match(entry, '^[^\t\n]*\t?([^\n]*)'), '[^\t]+') do table.insert(sids, sid) end
for _, sid in ipairs(sids) do
  if forget_session(to, sid) then number = number + 1 end
end
for _, digest in ipairs(of_subject(ticketed, 0)) do
  number = number + redis.call('HEXISTS', tickets, digest)
  redeem_ticket(to, subject, digest)
end
for _, id in ipairs(of_subject(told, 16)) do
  if forget_event(to, id) then number = number + 1 end
end
for _, container in ipairs({history, ticketed, told, waiting, due}) do
  redis.call('ZREMRANGEBYLEX', container, first, beyond)
end
for _, container in ipairs({ready, leased, used, seen, signed_in}) do redis.call('ZREM', container, subject) end
for _, container in ipairs({subjects, leases}) do redis.call('HDEL', container, subject) end
local time = redis.call('TIME')
redis.call('HSET', meta, 'vanished', 'erased ' .. time[1] .. '.' .. time[2]) -- see commit.lua
return number
