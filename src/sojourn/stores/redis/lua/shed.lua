-- Events, whether they were told to anybody or not.
-- with: record, events, forgetting
-- ARGV: ids
-- Replies: OK
local events, log, moments, exposed, told, waiting, due, ready, leased, dead = unpack(KEYS)

local to = {
  events = events, log = log, moments = moments, exposed = exposed, told = told, waiting = waiting, due = due,
  ready = ready, leased = leased, dead = dead,
}
for _, id in ipairs(ARGV) do forget_event(to, id) end
return 'OK'
