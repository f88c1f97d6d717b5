-- A look-up by a token and, by somebody who is active, a touch if it is due: one step.
-- with: record, full
-- ARGV: digest of the token, now ('': nobody is active), the touch interval that the site asks for ('': none)
-- Replies: nothing, or the record as it was before, and the epoch
local tokens, sessions, open, meta = unpack(KEYS)

local held = redis.call('HGET', tokens, ARGV[1])
if not held then return false end
local superseded = string.sub(held, 1, 1) == '<'
local sid = superseded and string.sub(held, 2) or held
local record = redis.call('HGET', sessions, sid)
if not record then return false end
local epoch = redis.call('HGET', meta, 'epoch')
local now = tonumber(ARGV[2])
local facts = now and facts_of(record)
if facts and is_live(facts, now, epoch) and (not superseded or now < tonumber(facts.accepted)) then
  local every, wished, idle = tonumber(facts.every), tonumber(ARGV[3]), number(facts.idle)
  if wished and (not idle or wished < idle) then every = wished end
  if now - tonumber(facts.seen) >= every then
    even_if_full(meta)
    facts.seen = ARGV[2]
    redis.call('HSET', sessions, sid, record_of(facts, record))
    redis.call('ZADD', open, score(deadline_of(facts)), sid)
  end
end
return {record, epoch}
