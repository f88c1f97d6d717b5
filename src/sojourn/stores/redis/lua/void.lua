-- Open sessions that an epoch has made void, in the order of (start, sid).
-- with: record, order, events, forgetting, full
-- ARGV: now, a place: start, sid ('', '': none), how many
-- Replies: how many were looked at, start and sid of the last of them, the epoch, and for each: start, sid, record
local subjects, sessions, tokens, open, created, ended, history, addressed, meta = unpack(KEYS)

local to = {
  subjects = subjects, sessions = sessions, tokens = tokens, open = open, created = created, ended = ended,
  history = history, addressed = addressed,
}
local epoch = redis.call('HGET', meta, 'epoch')
if not epoch or tonumber(epoch) > tonumber(ARGV[1]) then return {0, '', '', false} end

-- `closed` is the place up to which no session is open. What is over stays so: nobody looks there again, unless a
-- session comes in that began before (look_again_from).
local start, sid = ARGV[2], ARGV[3]
local closed_at, closed = string.match(redis.call('HGET', meta, 'closed') or '', '^(%S+) (.*)$')
local only_closed = start == '' or (start == closed_at and sid == closed)
if start == '' and closed_at then start, sid = closed_at, closed end

local most = tonumber(ARGV[4])
local entries = stretch(created, '', epoch, start, sid, most, false)
local reply, over = header(entries), nil
table.insert(reply, epoch)
for _, entry in ipairs(entries) do
  local record = open_record(to, entry[1])
  if record then
    only_closed = false
    table.insert(reply, {entry[2], entry[1], record})
  elseif only_closed then
    over = entry[2] .. ' ' .. entry[1]
  end
end
if only_closed and #entries < most then over = epoch .. ' ' end
if over and over ~= (closed_at or '') .. ' ' .. (closed or '') then
  even_if_full(meta)
  redis.call('HSET', meta, 'closed', over)
end
return reply
