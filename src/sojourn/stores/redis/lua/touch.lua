-- Activity, and how long the carrier of the token lasts: only for a session that is live; never back in time.
-- with: record, full
-- ARGV: sid, now, when the carrier ends ('': as it was)
-- Replies: whether the session was live
local sessions, open, meta = unpack(KEYS)

local sid, now = ARGV[1], tonumber(ARGV[2])
local record = redis.call('HGET', sessions, sid)
local facts = record and facts_of(record)
if not facts or not is_live(facts, now, redis.call('HGET', meta, 'epoch')) then return 0 end
if now > tonumber(facts.seen) then facts.seen = ARGV[2] end
if ARGV[3] ~= '' then facts.carrier = ARGV[3] end
even_if_full(meta)
redis.call('HSET', sessions, sid, record_of(facts, record))
redis.call('ZADD', open, score(deadline_of(facts)), sid)
return 1
