-- Who tells of a subject. Needs with_events.

-- The lease on a subject; `worker` is '' if nobody has it.
local function lease_of(to, subject)
  local record = redis.call('HGET', to.leases, subject) or ''
  local ends, claim, worker, told = string.match(record, '^(%d+) (%S+) ([^\n]*)\n(.*)$')
  return {
    ends = tonumber(ends or '0'), claim = claim or '-', worker = worker or '', told = told or '{}',
  }
end

local function keep_lease(to, subject, lease)
  local ends = string.format('%.0f', lease.ends)
  redis.call('HSET', to.leases, subject, ends .. ' ' .. lease.claim .. ' ' .. lease.worker .. '\n' .. lease.told)
  redis.call('ZADD', to.used, 'GT', ends, subject)
  if lease.worker == '' then
    redis.call('ZREM', to.leased, subject)
  else
    redis.call('ZADD', to.leased, ends, subject)
  end
  make_ready(to, subject)
end

-- Nobody has it from now on; what was told is remembered.
local function give_up_lease(to, subject, lease)
  lease.ends, lease.claim, lease.worker = 0, '-', ''
  keep_lease(to, subject, lease)
end
