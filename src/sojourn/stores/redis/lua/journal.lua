-- Events of a route in the order of (time, id).
-- with: order
-- ARGV: happened since ('': whenever), a place: time, id ('', '': none), how many, and the types (none: all)
-- Replies: how many were looked at, time and id of the last of them, nothing, and of each that is of these types: time,
--   id, record
local moments, events = unpack(KEYS)

local wanted = {}
for i = 5, #ARGV do wanted[ARGV[i]] = true end
local entries = stretch(moments, ARGV[1], '', ARGV[2], ARGV[3], tonumber(ARGV[4]), false)
local reply = header(entries)
table.insert(reply, false)
for _, entry in ipairs(entries) do
  local record = redis.call('HGET', events, entry[1])
  if record then
    local type = string.match(record, '^%d+ %S+ %S+ ([^\n]*)\n')
    -- What cannot be read may be of any type.
    if #ARGV < 5 or not type or wanted[type] then table.insert(reply, {entry[2], entry[1], record}) end
  else -- lost behind our back
    redis.call('ZREM', moments, entry[1])
  end
end
return reply
