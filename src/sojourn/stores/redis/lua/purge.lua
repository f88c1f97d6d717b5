-- Forget what is old enough: sessions that have ended, tickets that have expired, events, leases.
-- with: record, events, forgetting
-- ARGV: the moment before which it is; how many sessions, tickets, events, leases, at most some hundred in all
-- Replies: how many sessions, tickets and events were forgotten; and each subject of whom there is nothing left but
--   perhaps a profile, with their entry
local subjects, sessions, tokens, open, created, ended, history, addressed, tickets, expiring, ticketed, events, log, moments, exposed, told, waiting, due, ready, leases, leased, used, dead = unpack(KEYS)

local to = {
  subjects = subjects, sessions = sessions, tokens = tokens, open = open, created = created, ended = ended,
  history = history, addressed = addressed, tickets = tickets, expiring = expiring, ticketed = ticketed,
  events = events, log = log, moments = moments, exposed = exposed, told = told, waiting = waiting, due = due,
  ready = ready, leased = leased, dead = dead,
}
local number, lonely, calm = 0, {}, {}

local function old(container, most)
  return redis.call('ZRANGEBYSCORE', container, '-inf', '(' .. ARGV[1], 'LIMIT', 0, most)
end

for _, sid in ipairs(old(ended, ARGV[2])) do
  local record = redis.call('HGET', sessions, sid)
  local facts = record and facts_of(record)
  if facts and facts.state == 'open' then
    redis.call('ZREM', ended, sid) -- an open session is never forgotten
  else
    local there, subject = forget_session(to, sid)
    if there then number = number + 1 end
    if subject then lonely[subject] = true end
  end
end
for _, digest in ipairs(old(expiring, ARGV[3])) do
  local record = redis.call('HGET', tickets, digest)
  if record then number = number + 1 end
  redeem_ticket(to, record and string.match(record, '^[^\n]*\n([^\n]*)\n') or '', digest)
end
for _, id in ipairs(old(moments, ARGV[4])) do
  local there, subject = forget_event(to, id)
  if there then number = number + 1 end
  if subject then calm[subject] = true end
end
for _, subject in ipairs(old(used, ARGV[5])) do
  redis.call('HDEL', leases, subject)
  for _, container in ipairs({leased, used}) do redis.call('ZREM', container, subject) end
  calm[subject] = true
end
for subject in pairs(calm) do make_ready(to, subject) end
local reply = {number}
for subject in pairs(lonely) do
  local entry = alone(to, subject)
  if entry then
    table.insert(reply, subject)
    table.insert(reply, entry)
  end
end
return reply
