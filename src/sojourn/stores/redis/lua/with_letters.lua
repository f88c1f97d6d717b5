-- How far the sinks are with an event. Needs with_events.

-- `event` is what its record says now. `due`: when it is due from now on ('-': nobody waits); `dead`: whether a sink has
-- given it up ('0', '1'). Whether its subject is ready is for the caller to see to.
local function write_letter(to, id, event, due, dead, progress, payload)
  local head = table.concat({event.number, event.at, due, event.kind}, ' ')
  redis.call('HSET', to.events, id, table.concat({head, event.subject, progress, payload}, '\n'))
  if event.due ~= '-' then redis.call('ZREM', to.due, due_place(event.subject, event.due, event.number, id)) end
  if due == '-' then
    redis.call('ZREM', to.waiting, place(event.subject, event.number, id))
  else
    redis.call('ZADD', to.waiting, 0, place(event.subject, event.number, id))
    redis.call('ZADD', to.due, 0, due_place(event.subject, due, event.number, id))
  end
  if dead == '1' then redis.call('ZADD', to.dead, event.number, id) else redis.call('ZREM', to.dead, id) end
end
