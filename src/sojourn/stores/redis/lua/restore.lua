-- A ticket and events again, where they are not there yet.
-- with: events
-- ARGV: subject, number of tickets (0 or 1), of events; for a ticket: digest, when it expires, record; for an event:
--   id, when it happened, when it is due ('-': to nobody), record
-- Replies: OK
local meta, tickets, expiring, ticketed, events, log, moments, exposed, told, waiting, due, ready, leased = unpack(KEYS)

local to = {
  meta = meta, tickets = tickets, expiring = expiring, ticketed = ticketed, events = events, log = log,
  moments = moments, exposed = exposed, told = told, waiting = waiting, due = due, ready = ready, leased = leased,
}
local subject, at = ARGV[1], 4
for _ = 1, tonumber(ARGV[2]) do
  issue_ticket(to, subject, ARGV[at], ARGV[at + 1], ARGV[at + 2])
  at = at + 3
end
for _ = 1, tonumber(ARGV[3]) do
  record_event(to, subject, ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3])
  at = at + 4
end
return 'OK'
