-- The first line of a session's record (texts.session_text), for scripts that compare times.

local function number(text)
  if text == '-' then return nil end
  return tonumber(text)
end

-- Its facts and where its body begins; nil if there is no such line.
local function facts_of(record)
  local format, state, created, seen, idle, expires, carrier, accepted, ended, every, body = string.match(
    record, '^(%d+) (%a+) (%-?%d+) (%-?%d+) (%S+) (%S+) (%S+) (%-?%d+) (%S+) (%d+)\n()')
  if not format then return nil end
  return {
    format = format, state = state, created = created, seen = seen, idle = idle, expires = expires,
    carrier = carrier, accepted = accepted, ended = ended, every = every, body = body,
  }
end

local function record_of(facts, record)
  return table.concat({
    facts.format, facts.state, facts.created, facts.seen, facts.idle, facts.expires, facts.carrier,
    facts.accepted, facts.ended, facts.every,
  }, ' ') .. '\n' .. string.sub(record, facts.body)
end

-- When time ends it; math.huge if never. An epoch is not part of it.
local function deadline_of(facts)
  local at = math.min(number(facts.expires) or math.huge, number(facts.carrier) or math.huge)
  local idle = number(facts.idle)
  return idle and math.min(at, tonumber(facts.seen) + idle) or at
end

local function is_live(facts, now, epoch)
  local void = epoch and tonumber(facts.created) < tonumber(epoch) and tonumber(epoch) <= now
  return facts.state == 'open' and deadline_of(facts) > now and not void
end

-- What a sorted set takes as a score.
local function score(number)
  return number == math.huge and '+inf' or string.format('%.0f', number)
end

-- A number as sixteen digits, so that texts come in the order of their numbers.
local function digits(number)
  return string.format('%016.0f', number)
end

-- What its body holds, as `texts` writes it: sid, subject, digest and the one before in hex, ...; nil if damaged.
local function body_of(record, facts)
  local fine, body = pcall(cjson.decode, string.sub(record, facts.body))
  return fine and type(body) == 'table' and body or nil
end

-- A session comes in that may have begun before others of which it is known that they are over (void.lua).
local function look_again_from(meta, start)
  local closed = string.match(redis.call('HGET', meta, 'closed') or '', '^%S+')
  if closed and tonumber(start) <= tonumber(closed) then redis.call('HSET', meta, 'closed', start .. ' ') end
end
