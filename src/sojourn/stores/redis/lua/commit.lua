-- A decision about a subject: all of it, if nothing was decided about them since it was made, or nothing of it.
-- with: record, events, full
-- ARGV: subject; the version that was read; the version from now on, which nobody else uses;
--   whether the profile changes (0, 1), the profile, when what it remembers was first of use ('': nothing to fade),
--   when its last sign-in was, if that has an address ('': none);
--   digest of the ticket that is used up ('': none); number of sessions, of tickets to issue (0, 1), of events;
--   for a session: sid, `insert` or `update`, record, whether its carrier stays as it is (0, 1), whether its end has an
--   address (0, 1), digest of its token, of the token before it ('': none), of two that it had before ('': none);
--   for a ticket and an event: as in restore.lua
-- Replies: OK; or, and nothing is changed: BUSY, somebody else was faster; TAKEN, a session to insert was there before
local subjects, sessions, tokens, open, created, ended, history, addressed, seen, signed_in, meta, tickets, expiring, ticketed, events, log, moments, exposed, told, waiting, due, ready, leased, commits = unpack(KEYS)

local to = {
  meta = meta, tickets = tickets, expiring = expiring, ticketed = ticketed, events = events, log = log,
  moments = moments, exposed = exposed, told = told, waiting = waiting, due = due, ready = ready, leased = leased,
}
local subject, expected, version = ARGV[1], ARGV[2], ARGV[3]
local entry = redis.call('HGET', subjects, subject) or ''
local was, listed, profile = string.match(entry, '^([^\t\n]*)\t?([^\n]*)\n?(.*)$')
if entry == '' then was = redis.call('HGET', meta, 'vanished') or '' end
if redis.call('ZSCORE', commits, version) then
  -- Sent again, because the answer was lost; whatever has happened since. A WAIT that follows covers what its own
  -- connection wrote: this makes it cover what the other one did.
  even_if_full(meta)
  redis.call('HSET', meta, 'again', version)
  return 'OK'
end
if was ~= expected then return 'BUSY' end
local begins = ARGV[10] ~= '0'
for i = 12, 12 + 9 * (tonumber(ARGV[9]) - 1), 9 do
  if ARGV[i + 1] == 'insert' then
    -- Never over a record: what has ended stays so, and a sid is minted once.
    if redis.call('HEXISTS', sessions, ARGV[i]) == 1 then return 'TAKEN' end
    begins = true
  end
end
if not begins then even_if_full(meta) end

local order, is_open = {}, {}
for sid in string.gmatch(listed, '[^\t]+') do
  if redis.call('HEXISTS', sessions, sid) == 1 then
    table.insert(order, sid)
    is_open[sid] = true
  end
end

-- What is true of a session once its record is written.
local function index(sid, facts, with_address)
  if facts.state == 'open' then
    redis.call('ZADD', open, score(deadline_of(facts)), sid)
    return
  end
  is_open[sid] = nil
  redis.call('ZREM', open, sid)
  redis.call('ZADD', ended, facts.ended, sid)
  redis.call('ZADD', history, 0, place(subject, 9007199254740992 - tonumber(facts.ended), sid))
  if with_address then redis.call('ZADD', addressed, facts.ended, sid) end
end

local at = 12
for _ = 1, tonumber(ARGV[9]) do
  local sid, how, record, carried, with_address = unpack(ARGV, at, at + 4)
  local token, before, dropped, dropped_before = unpack(ARGV, at + 5, at + 8)
  at = at + 9
  local present = how == 'update' and is_open[sid] and redis.call('HGET', sessions, sid)
  if present or how == 'insert' then
    local facts = facts_of(record)
    local old = present and facts_of(present)
    if old then -- what was touched since the roster was read is not taken back
      if tonumber(old.seen) > tonumber(facts.seen) then facts.seen = old.seen end
      if carried == '1' then facts.carrier = old.carrier end
    end
    redis.call('HSET', sessions, sid, record_of(facts, record))
    for _, gone in ipairs({dropped, dropped_before}) do
      if gone ~= '' then redis.call('HDEL', tokens, gone) end
    end
    if before ~= '' then redis.call('HSET', tokens, before, '<' .. sid) end
    redis.call('HSET', tokens, token, sid)
    if how == 'insert' then
      redis.call('ZADD', created, facts.created, sid)
      look_again_from(meta, facts.created)
      if facts.state == 'open' and not is_open[sid] then
        table.insert(order, sid)
        is_open[sid] = true
      end
    end
    index(sid, facts, with_address == '1')
  end
end

if ARGV[4] == '1' then
  profile = ARGV[5]
  if ARGV[6] == '' then redis.call('ZREM', seen, subject) else redis.call('ZADD', seen, ARGV[6], subject) end
  if ARGV[7] == '' then redis.call('ZREM', signed_in, subject) else redis.call('ZADD', signed_in, ARGV[7], subject) end
end
local still = {version}
for _, sid in ipairs(order) do
  if is_open[sid] then table.insert(still, sid) end
end
if #still == 1 and profile == '' then
  redis.call('HDEL', subjects, subject)
  redis.call('HSET', meta, 'vanished', version) -- a decision that was made when there was no entry is not good any more
else
  redis.call('HSET', subjects, subject, table.concat(still, '\t') .. '\n' .. profile)
end

if ARGV[8] ~= '' then redeem_ticket(to, subject, ARGV[8]) end
record_all(to, subject, ARGV[10], ARGV[11], at)

-- Remembered for longer than anybody sends it again (`address.DEADLINE_MAX`).
local second = tonumber(redis.call('TIME')[1])
redis.call('ZADD', commits, second, version)
redis.call('ZREMRANGEBYSCORE', commits, '-inf', second - 120)
return 'OK'
