-- Reading a sorted set a stretch at a time, in its order: by score, then by the bytes of the members.

-- Whether the bytes of one text come before those of another. `<` compares as the locale of the server has it.
local function comes_before(one, other)
  for i = 1, math.min(#one, #other) do
    local a, b = string.byte(one, i), string.byte(other, i)
    if a ~= b then return a < b end
  end
  return #one < #other
end

-- How many entries come before a place, or stand at it if `at` is true. The place need not be there.
local function entries_before(container, score, member, at)
  local low = redis.call('ZCOUNT', container, '-inf', '(' .. score)
  local high = low + redis.call('ZCOUNT', container, score, score)
  while low < high do
    local middle = math.floor((low + high) / 2)
    local there = redis.call('ZRANGE', container, middle, middle)[1]
    if comes_before(there, member) or (at and there == member) then low = middle + 1 else high = middle end
  end
  return low
end

-- At most `most` entries whose score is at least `since` and less than `before` ('': whatever it is), each {member,
-- score}: those that come next after a place (score '': the first of all), in the order or, if `down`, against it.
local function stretch(container, since, before, score, member, most, down)
  local all = redis.call('ZCARD', container)
  local low = since == '' and 0 or redis.call('ZCOUNT', container, '-inf', '(' .. since)
  local high = before == '' and all or redis.call('ZCOUNT', container, '-inf', '(' .. before)
  if score ~= '' then
    if down then
      high = math.min(high, entries_before(container, score, member, false))
    else
      low = math.max(low, entries_before(container, score, member, true))
    end
  end
  if low >= high or most < 1 then return {} end
  local flat
  if down then
    flat = redis.call('ZRANGE', container, all - high, math.min(all - high + most, all - low) - 1, 'REV', 'WITHSCORES')
  else
    flat = redis.call('ZRANGE', container, low, math.min(low + most, high) - 1, 'WITHSCORES')
  end
  local entries = {}
  for i = 1, #flat, 2 do table.insert(entries, {flat[i], flat[i + 1]}) end
  return entries
end

-- What a reply about a stretch begins with: how many entries were looked at, and the place of the last one.
local function header(entries)
  local last = entries[#entries] or {'', ''}
  return {#entries, last[2], last[1]}
end
