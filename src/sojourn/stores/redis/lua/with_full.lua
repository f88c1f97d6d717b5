-- What must go on when the server is full (`maxmemory` with `noeviction`): sessions end, activity is noted, letters leave.

-- Changes nothing, since no field is empty. A full server refuses a script at its first command that writes, if that may
-- take memory: this one does not, and whatever follows it is carried out to the end. `hash` is any of ours.
local function even_if_full(hash)
  redis.call('HDEL', hash, '')
end
