-- How many events of some types happened in each stretch of time.
-- with: order, counts
-- ARGV: when the first one begins, how long each is, when the last one is over, a place: time, id ('', '': none), how
--   many, the types
-- Replies: how many were looked at, time and id of the last of them, and `STRETCH TYPE`, how many, ...
local moments, events = unpack(KEYS)

local wanted, counts = {}, {}
for i = 7, #ARGV do wanted[ARGV[i]] = true end
local entries = stretch(moments, ARGV[1], ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6]), false)
for _, entry in ipairs(entries) do
  local record = redis.call('HGET', events, entry[1])
  local type = record and string.match(record, '^%d+ %S+ %S+ ([^\n]*)\n')
  if type and wanted[type] then
    add(counts, string.format('%.0f ', math.floor((entry[2] - ARGV[1]) / ARGV[2])) .. type)
  end
end
local reply = header(entries)
table.insert(reply, flat(counts))
return reply
