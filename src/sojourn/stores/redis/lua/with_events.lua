-- Recording of events and tickets, which can be repeated: each is recognised by its id or digest.

-- A text that is sorted by subject, then by number.
local function place(subject, number, rest)
  return subject .. '\0' .. string.format('%016.0f', number) .. rest
end

-- The next number of this route: microseconds of the server's clock, so that routes can be compared, and never twice.
local function next_number(meta)
  local time = redis.call('TIME')
  local number = math.max(time[1] * 1000000 + time[2], tonumber(redis.call('HGET', meta, 'seq') or '0') + 1)
  redis.call('HSET', meta, 'seq', string.format('%.0f', number))
  return number
end

-- Where a letter is listed by when it is due.
local function due_place(subject, due, number, id)
  return place(subject, tonumber(due), string.format('%016.0f', number) .. id)
end

-- What stands in an event's record (`texts.event_text`, its number before it); nil if it is damaged.
local function event_of(record)
  local number, at, due, kind, subject, progress, payload = string.match(
    record, '^(%d+) (%-?%d+) (%-?%d*) ([^\n]*)\n([^\n]*)\n([^\n]*)\n(.*)$')
  if not number then return nil end
  return {
    number = number, at = at, due = due, kind = kind, subject = subject, progress = progress, payload = payload,
  }
end

-- A letter is due no more, whenever it was: its record may be damaged. `listed`: its number in 16 digits and its id.
local function drop_due(to, subject, listed)
  for _, member in ipairs(redis.call('ZRANGEBYLEX', to.due, '[' .. subject .. '\0', '(' .. subject .. '\1')) do
    if string.sub(member, #subject + 18) == listed then redis.call('ZREM', to.due, member) end
  end
end

-- A subject is ready from when the first of their letters is due, unless somebody has a lease on them.
local function make_ready(to, subject)
  local first = not redis.call('ZSCORE', to.leased, subject)
    and redis.call('ZRANGEBYLEX', to.due, '[' .. subject .. '\0', '(' .. subject .. '\1', 'LIMIT', 0, 1)[1]
  if first then
    redis.call('ZADD', to.ready, string.sub(first, #subject + 2, #subject + 17), subject)
  else
    redis.call('ZREM', to.ready, subject)
  end
end

-- Whether there is an address or a contact in what an event tells. A quotation mark inside of a text would be escaped.
local function exposes(record)
  return string.find(record, '"address": "[^"]') or string.find(record, '"contact": "[^"]')
end

-- An event with this id, once: `record` is `texts.event_text`, `due` when it is to be delivered, '-' if to nobody.
local function record_event(to, subject, id, at, due, record)
  local number = next_number(to.meta)
  if redis.call('HSETNX', to.events, id, string.format('%.0f', number) .. ' ' .. record) == 0 then return end
  redis.call('ZADD', to.log, string.format('%.0f', number), id)
  redis.call('ZADD', to.moments, at, id)
  if exposes(record) then redis.call('ZADD', to.exposed, at, id) end
  redis.call('ZADD', to.told, 0, place(subject, number, id))
  if due == '-' then return end
  redis.call('ZADD', to.waiting, 0, place(subject, number, id))
  redis.call('ZADD', to.due, 0, due_place(subject, due, number, id))
  make_ready(to, subject)
end

local function issue_ticket(to, subject, digest, expires, record)
  if redis.call('HSETNX', to.tickets, digest, record) == 0 then return end
  redis.call('ZADD', to.expiring, expires, digest)
  redis.call('ZADD', to.ticketed, 0, subject .. '\0' .. digest)
end

local function redeem_ticket(to, subject, digest)
  redis.call('HDEL', to.tickets, digest)
  redis.call('ZREM', to.expiring, digest)
  redis.call('ZREM', to.ticketed, subject .. '\0' .. digest)
end

-- So many tickets and events of a subject, as they stand in ARGV from `at` on: see restore.lua.
local function record_all(to, subject, tickets, events, at)
  for _ = 1, tonumber(tickets) do
    issue_ticket(to, subject, ARGV[at], ARGV[at + 1], ARGV[at + 2])
    at = at + 3
  end
  for _ = 1, tonumber(events) do
    record_event(to, subject, ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3])
    at = at + 4
  end
end
