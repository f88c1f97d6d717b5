-- Events that somebody waits for, counted.
-- ARGV: the place in `waiting` after which to go on ('': from the first), how many
-- Replies: the place of the last one ('': there are no more), how many these are, the time of the oldest of them,
--   when the first of them is due, how many in all are given up or cannot be read
local waiting, events, dead = unpack(KEYS)

local found = redis.call('ZRANGEBYLEX', waiting, ARGV[1] == '' and '-' or '(' .. ARGV[1], '+', 'LIMIT', 0, ARGV[2])
local number, since, first = 0, nil, nil
for _, member in ipairs(found) do
  local record = redis.call('HGET', events, string.match(member, '%z' .. string.rep('%d', 16) .. '(.*)$') or '')
  if record then
    number = number + 1
    local at, due = string.match(record, '^%d+ (%-?%d+) (%-?%d*) ')
    if at and (not since or tonumber(at) < tonumber(since)) then since = at end
    if tonumber(due) and (not first or tonumber(due) < tonumber(first)) then first = due end
  else -- lost behind our back
    redis.call('ZREM', waiting, member)
  end
end
local last = #found == tonumber(ARGV[2]) and found[#found] or ''
return {last, number, since or false, first or false, redis.call('ZCARD', dead)}
