-- How far the sinks are with letters of a subject, by the worker who has the lease on them.
-- with: events, leases, letters, full
-- ARGV: subject, worker, until ('': the lease is given up), what the lease remembers; for each letter: id, when it is
--   due ('-': nobody waits), whether a sink has given it up (0, 1), progress, its payload as it was read and as it is
--   from now on (both '': it stays)
-- Replies: OK; LOST if the lease is not this worker's; CHANGED if a payload is not as it was read. Nothing is written
--   then. A letter that is not recorded any more is passed over
local events, exposed, waiting, due, ready, leases, leased, used, dead = unpack(KEYS)

local to = {
  events = events, waiting = waiting, due = due, ready = ready, leases = leases, leased = leased, used = used,
  dead = dead,
}
local subject = ARGV[1]
local lease = lease_of(to, subject)
if lease.worker ~= ARGV[2] then return 'LOST' end
local present = {}
for i = 5, #ARGV, 6 do
  local record = redis.call('HGET', events, ARGV[i])
  local event = record and event_of(record)
  if event and event.subject == subject then
    if ARGV[i + 4] ~= '' and ARGV[i + 4] ~= event.payload then return 'CHANGED' end
    present[i] = event
  end
end
even_if_full(leases)
for i, event in pairs(present) do
  local payload = ARGV[i + 5] ~= '' and ARGV[i + 5] or event.payload
  write_letter(to, ARGV[i], event, ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], payload)
  if not exposes(payload) then redis.call('ZREM', exposed, ARGV[i]) end
end
lease.told = ARGV[4]
if ARGV[3] == '' then
  give_up_lease(to, subject, lease)
else
  lease.ends = tonumber(ARGV[3])
  keep_lease(to, subject, lease)
end
return 'OK'
