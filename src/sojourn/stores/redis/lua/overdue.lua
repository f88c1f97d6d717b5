-- Open sessions that time, or an epoch, has ended.
-- with: record, full
-- ARGV: now, how many
-- Replies: the epoch, and the records of the first so many, by (deadline, start, sid)
local open, sessions, meta = unpack(KEYS)

local now, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local begun = redis.call('HGET', meta, 'epoch')
local epoch = begun and tonumber(begun)
local found, known, void = {}, {}, false

local function consider(sid, at)
  if known[sid] then return end
  known[sid] = true
  local record = redis.call('HGET', sessions, sid)
  if not record then -- lost behind our back
    redis.call('ZREM', open, sid)
    return
  end
  local facts = facts_of(record)
  if not facts or facts.state ~= 'open' then return end
  if epoch and tonumber(facts.created) < epoch then
    void = true
    at = math.min(at, epoch)
  end
  if at <= now then table.insert(found, {at, tonumber(facts.created), sid, record}) end
end

local function consider_all(places)
  for i = 1, #places, 2 do consider(places[i], tonumber(places[i + 1])) end
end

if epoch and redis.call('HGET', meta, 'voided') ~= begun then
  consider_all(redis.call('ZRANGE', open, 0, -1, 'WITHSCORES'))
  -- Once no open session began before the epoch, none ever will: see commit.lua.
  if not void then
    even_if_full(meta)
    redis.call('HSET', meta, 'voided', begun)
  end
else
  local first = redis.call('ZRANGEBYSCORE', open, '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', 0, most)
  consider_all(first)
  if #first == 2 * most and most > 0 then -- those with one deadline come in the order of their starts
    consider_all(redis.call('ZRANGEBYSCORE', open, first[#first], first[#first], 'WITHSCORES'))
  end
end
table.sort(found, function(a, b)
  if a[1] ~= b[1] then return a[1] < b[1] end
  if a[2] ~= b[2] then return a[2] < b[2] end
  return a[3] < b[3]
end)
local reply = {begun}
for i = 1, math.min(most, #found) do table.insert(reply, found[i][4]) end
return reply
