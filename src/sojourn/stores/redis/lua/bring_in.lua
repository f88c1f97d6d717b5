-- All that another store has kept of a subject, and that they are here: once, and as part of the move that goes on.
-- with: record, events, leases
-- ARGV: subject, their mark, the move; the version from now on; the profile, when what it remembers was first of use
--   ('': nothing to fade); who tells of them, until when, what the lease remembers ('': there is none), its latest end;
--   number of sessions, of tickets, of events; when the last sign-in was, if its address is known ('': it is not);
--   for a session: sid, record, whether its end has an address (0, 1), digest of its token, of the one before ('': none);
--   for a ticket: digest, when it expires, record;
--   for an event: id, when it happened, when it is due ('-': nobody waits), whether it is given up (0, 1), record
-- Replies: whether the subject is here
local subjects, sessions, tokens, open, created, ended, history, addressed, seen, signed_in, meta, tickets, expiring, ticketed, events, log, moments, exposed, told, waiting, due, ready, leases, leased, used, dead, moved = unpack(KEYS)

local to = {
  meta = meta, tickets = tickets, expiring = expiring, ticketed = ticketed, events = events, log = log,
  moments = moments, exposed = exposed, told = told, waiting = waiting, due = due, ready = ready, leases = leases,
  leased = leased, used = used,
}
local subject, mark = ARGV[1], ARGV[2]
local move = redis.call('HGET', meta, 'move')
if move == 'done' or redis.call('SISMEMBER', moved, mark) == 1 then return 1 end
if move ~= ARGV[3] then return 0 end
redis.call('SADD', moved, mark)

local entry = {ARGV[4]}
local at = 15
for _ = 1, tonumber(ARGV[11]) do
  local sid, record, with_address, token, before = unpack(ARGV, at, at + 4)
  at = at + 5
  local facts = facts_of(record)
  redis.call('HSET', sessions, sid, record)
  redis.call('HSET', tokens, token, sid)
  if before ~= '' then redis.call('HSET', tokens, before, '<' .. sid) end
  redis.call('ZADD', created, facts.created, sid)
  if facts.state == 'open' then
    table.insert(entry, sid)
    look_again_from(meta, facts.created)
    redis.call('ZADD', open, score(deadline_of(facts)), sid)
  else
    redis.call('ZADD', ended, facts.ended, sid)
    redis.call('ZADD', history, 0, place(subject, 9007199254740992 - tonumber(facts.ended), sid))
    if with_address == '1' then redis.call('ZADD', addressed, facts.ended, sid) end
  end
end
if ARGV[6] ~= '' then redis.call('ZADD', seen, ARGV[6], subject) end
if ARGV[14] ~= '' then redis.call('ZADD', signed_in, ARGV[14], subject) end
if #entry > 1 or ARGV[5] ~= '' then
  redis.call('HSET', subjects, subject, table.concat(entry, '\t') .. '\n' .. ARGV[5])
end
for _ = 1, tonumber(ARGV[12]) do
  issue_ticket(to, subject, ARGV[at], ARGV[at + 1], ARGV[at + 2])
  at = at + 3
end
for _ = 1, tonumber(ARGV[13]) do
  record_event(to, subject, ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 4])
  if ARGV[at + 3] == '1' then
    redis.call('ZADD', dead, string.match(redis.call('HGET', events, ARGV[at]), '^%d+'), ARGV[at])
  end
  at = at + 5
end
if ARGV[9] ~= '' then
  redis.call('ZADD', used, 'GT', ARGV[10], subject)
  keep_lease(to, subject, {worker = ARGV[7], ends = tonumber(ARGV[8]), claim = '-', told = ARGV[9]})
end
return 1
