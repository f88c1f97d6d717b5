-- What is remembered of a subject, a part at a time. What they have open goes in the first, and that they are known.
-- with: record, events, forgetting, full
-- ARGV: subject; the number up to which their events go, in 16 digits ('': the first part; all that there are); how
--   many records are a part, beside what is open
-- Replies: that number; how many sessions, tickets and events went; whether there are more (0, 1)
local subjects, sessions, tokens, open, created, ended, history, addressed, seen, signed_in, tickets, expiring, ticketed, events, log, moments, exposed, told, waiting, due, ready, leases, leased, used, dead, meta = unpack(KEYS)

local to = {
  sessions = sessions, tokens = tokens, open = open, created = created, ended = ended, history = history,
  addressed = addressed, tickets = tickets, expiring = expiring, ticketed = ticketed, events = events, log = log,
  moments = moments, exposed = exposed, told = told, waiting = waiting, due = due, ready = ready, leased = leased,
  dead = dead, meta = meta,
}
local subject, last, most = ARGV[1], ARGV[2], tonumber(ARGV[3])
local left, number = most, 0

even_if_full(meta)
if last == '' then
  last = digits(next_number(meta))
  local entry = redis.call('HGET', subjects, subject) or ''
  for sid in string.gmatch(string.match(entry, '^[^\t\n]*\t?([^\n]*)'), '[^\t]+') do
    if forget_session(to, sid) then number = number + 1 end
  end
  redis.call('HDEL', subjects, subject)
  for _, container in ipairs({seen, signed_in}) do redis.call('ZREM', container, subject) end
  redis.call('HSET', meta, 'vanished', 'erased ' .. last) -- see commit.lua
else
  redis.call('HSET', meta, 'again', last) -- so that a WAIT that follows covers it, if it is sent again
end

local first, beyond, up_to_last = '[' .. subject .. '\0', '(' .. subject .. '\1', '(' .. subject .. '\0' .. last

-- Each that is listed in a container sorted by subject, after `skipped` digits, as far as it is part of this.
local function each(container, to_where, skipped, forget)
  if left < 1 then return end
  local found = redis.call('ZRANGEBYLEX', container, first, to_where, 'LIMIT', 0, left)
  for _, member in ipairs(found) do
    if forget(string.sub(member, #subject + 2 + skipped)) then number = number + 1 end
    redis.call('ZREM', container, member)
  end
  left = left - #found
end

local function forget_told(id) return forget_event(to, id) end
each(told, up_to_last, 16, forget_told)
each(waiting, up_to_last, 16, forget_told)
each(ticketed, beyond, 0, function(digest)
  local there = redis.call('HEXISTS', tickets, digest) == 1
  redeem_ticket(to, subject, digest)
  return there
end)
each(history, beyond, 16, function(sid) return forget_session(to, sid) end)
local more = left < 1
if not more then -- what is due though its event was lost behind our back
  for _, member in ipairs(redis.call('ZRANGEBYLEX', due, first, beyond, 'LIMIT', 0, most)) do
    local at = tonumber(string.sub(member, #subject + 18, #subject + 33))
    if not at or at < tonumber(last) then more = redis.call('ZREM', due, member) == 1 end
  end
end
redis.call('HDEL', leases, subject)
for _, container in ipairs({leased, used}) do redis.call('ZREM', container, subject) end
make_ready(to, subject)
return {last, number, more and 1 or 0}
