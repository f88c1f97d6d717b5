-- The lease on a subject, if a letter of theirs is due and nobody has it.
-- with: events, leases, full
-- ARGV: subject, worker, a name for this claim that no other has, now, until, how many letters
-- Replies: nothing; or what the lease remembers, and for each of the first letters that wait: its number in 16 digits
--   and its id, its record
local events, waiting, due, ready, leases, leased, used = unpack(KEYS)

local to = {due = due, ready = ready, leases = leases, leased = leased, used = used}
local subject, claim, now = ARGV[1], ARGV[3], tonumber(ARGV[4])
even_if_full(leases)
local lease = lease_of(to, subject)
if lease.claim ~= claim then -- otherwise it is sent again, because the answer was lost
  if lease.worker ~= '' and lease.ends > now then
    keep_lease(to, subject, lease) -- by a clock that is ahead of ours it may have been over
    return false
  end
  redis.call('ZREM', leased, subject)
  make_ready(to, subject)
  local first = redis.call('ZSCORE', ready, subject)
  if not first or tonumber(first) > now then return false end
  lease.worker, lease.claim, lease.ends = ARGV[2], claim, tonumber(ARGV[5])
  keep_lease(to, subject, lease)
end
local reply = {lease.told}
local places = redis.call('ZRANGEBYLEX', waiting, '[' .. subject .. '\0', '(' .. subject .. '\1', 'LIMIT', 0, ARGV[6])
for _, listed in ipairs(places) do
  table.insert(reply, string.sub(listed, #subject + 2))
  table.insert(reply, redis.call('HGET', events, string.sub(listed, #subject + 18)) or '')
end
return reply
