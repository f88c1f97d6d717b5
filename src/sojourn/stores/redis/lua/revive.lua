-- A letter that was given up is due again; whoever has the lease on its subject loses it.
-- with: events, leases, letters, full
-- ARGV: id, its record as it was read, when it is due, whether a sink has still given it up (0, 1), progress
-- Replies: OK; or CHANGED, and nothing is changed: the record is another by now
local events, waiting, due, ready, leases, leased, used, dead = unpack(KEYS)

local to = {
  events = events, waiting = waiting, due = due, ready = ready, leases = leases, leased = leased, used = used,
  dead = dead,
}
local id, record = ARGV[1], redis.call('HGET', events, ARGV[1])
local event = record and event_of(record)
if not event then return 'CHANGED' end
if event.due == ARGV[3] and event.progress == ARGV[5] then return 'OK' end -- sent again, because the answer was lost
if record ~= ARGV[2] then return 'CHANGED' end
even_if_full(leases)
write_letter(to, id, event, ARGV[3], ARGV[4], ARGV[5], event.payload)
if redis.call('HEXISTS', leases, event.subject) == 1 then
  give_up_lease(to, event.subject, lease_of(to, event.subject))
else
  make_ready(to, event.subject)
end
return 'OK'
