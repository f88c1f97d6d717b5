-- What has an address from before a moment.
-- ARGV: the moment, how many of each kind
-- Replies: sid and record of ended sessions, in one list; id and record of events; subjects, for their last sign-ins
local addressed, sessions, exposed, events, signed_in = unpack(KEYS)

local function old(container)
  return redis.call('ZRANGEBYSCORE', container, '-inf', '(' .. ARGV[1], 'LIMIT', 0, ARGV[2])
end

local function with_records(container, records)
  local found = {}
  for _, member in ipairs(old(container)) do
    local record = redis.call('HGET', records, member)
    if record then
      table.insert(found, member)
      table.insert(found, record)
    else -- lost behind our back, or forgotten
      redis.call('ZREM', container, member)
    end
  end
  return found
end

return {with_records(addressed, sessions), with_records(exposed, events), old(signed_in)}
