-- How many sessions ended in each stretch of time, for which reasons.
-- with: record, order, counts
-- ARGV: when the first one begins, how long each is, when the last one is over, a place: end, sid ('', '': none),
--   how many
-- Replies: how many were looked at, end and sid of the last of them, and `STRETCH REASON`, how many, ...
local ended, sessions = unpack(KEYS)

local counts = {}
local entries = stretch(ended, ARGV[1], ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6]), false)
for _, entry in ipairs(entries) do
  local record = redis.call('HGET', sessions, entry[1])
  if not record then redis.call('ZREM', ended, entry[1]) end -- lost behind our back
  local facts = record and facts_of(record)
  local body = facts and body_of(record, facts)
  if body and type(body[19]) == 'string' then
    add(counts, string.format('%.0f ', math.floor((entry[2] - ARGV[1]) / ARGV[2])) .. body[19])
  end
end
local reply = header(entries)
table.insert(reply, flat(counts))
return reply
