-- Events by their ids.
-- ARGV: ids
-- Replies: for each that is recorded on this route its id, its record
local events = unpack(KEYS)

local reply = {}
for _, id in ipairs(ARGV) do
  local record = redis.call('HGET', events, id)
  if record then
    table.insert(reply, id)
    table.insert(reply, record)
  end
end
return reply
