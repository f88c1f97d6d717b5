-- How many sessions started in each stretch of time.
-- ARGV: when the first one begins, how long each is, how many, at most some hundred
-- Replies: how many for each
local created = unpack(KEYS)

local reply = {}
for i = 0, tonumber(ARGV[3]) - 1 do
  local since = tonumber(ARGV[1]) + i * tonumber(ARGV[2])
  local bounds = {string.format('%.0f', since), string.format('(%.0f', since + tonumber(ARGV[2]))}
  table.insert(reply, redis.call('ZCOUNT', created, bounds[1], bounds[2]))
end
return reply
