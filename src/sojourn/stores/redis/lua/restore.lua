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
record_all(to, ARGV[1], ARGV[2], ARGV[3], 4)
return 'OK'
