-- Forgetting a session or an event with all that points to it. Needs with_record, with_events.

local function bytes_of(hex)
  return (string.gsub(hex, '%x%x', function(pair) return string.char(tonumber(pair, 16)) end))
end

-- Whether there was one; and whose it was, if that can be read.
local function forget_session(to, sid)
  local record = redis.call('HGET', to.sessions, sid)
  for _, container in ipairs({to.open, to.created, to.ended, to.addressed}) do redis.call('ZREM', container, sid) end
  if not record then return false end
  redis.call('HDEL', to.sessions, sid)
  local facts = facts_of(record)
  local body = facts and body_of(record, facts)
  if not body then return true end
  for i = 3, 4 do
    local digest = type(body[i]) == 'string' and bytes_of(body[i])
    local held = digest and redis.call('HGET', to.tokens, digest)
    if held == sid or held == '<' .. sid then redis.call('HDEL', to.tokens, digest) end
  end
  local at = number(facts.ended)
  if at and type(body[2]) == 'string' then
    redis.call('ZREM', to.history, place(body[2], 9007199254740992 - at, sid))
  end
  return true, type(body[2]) == 'string' and body[2]
end

-- Whether there was one; and whose it was, if that can be read.
local function forget_event(to, id)
  local record, number = redis.call('HGET', to.events, id), redis.call('ZSCORE', to.log, id)
  for _, container in ipairs({to.log, to.moments, to.dead, to.exposed}) do redis.call('ZREM', container, id) end
  if not record then return false end
  redis.call('HDEL', to.events, id)
  local event = event_of(record)
  -- Whose it was may be legible though the rest is damaged.
  local subject = event and event.subject or string.match(record, '^[^\n]*\n([^\n]*)\n')
  number = number or event and event.number
  if not subject or not number then return true, subject end
  redis.call('ZREM', to.told, place(subject, number, id))
  redis.call('ZREM', to.waiting, place(subject, number, id))
  if not event then
    drop_due(to, subject, string.format('%016.0f', number) .. id)
  elseif event.due ~= '-' then
    redis.call('ZREM', to.due, due_place(subject, event.due, event.number, id))
  else
    return true, subject
  end
  make_ready(to, subject)
  return true, subject
end

-- A subject's entry, if there is nothing of them but a profile: no session, open or ended.
local function alone(to, subject)
  local entry = redis.call('HGET', to.subjects, subject)
  if not entry then return nil end
  for sid in string.gmatch(string.match(entry, '^[^\t\n]*\t?([^\n]*)'), '[^\t]+') do
    if redis.call('HEXISTS', to.sessions, sid) == 1 then return nil end
  end
  local ended = redis.call('ZRANGEBYLEX', to.history, '[' .. subject .. '\0', '(' .. subject .. '\1', 'LIMIT', 0, 1)
  return #ended == 0 and entry or nil
end

-- An open session's record; nothing if it is damaged, or the session has ended. What leads nowhere is forgotten: a sid
-- without a record, and a session on no roster (lost behind our back), which nobody could end.
local function open_record(to, sid)
  local record = redis.call('HGET', to.sessions, sid)
  local facts = record and facts_of(record)
  local body = facts and facts.state == 'open' and body_of(record, facts)
  if record and not (body and type(body[2]) == 'string') then return nil end
  local entry = record and redis.call('HGET', to.subjects, body[2]) or ''
  local listed = string.match(entry, '^[^\t\n]*([^\n]*)') .. '\t'
  if string.find(listed, '\t' .. sid .. '\t', 1, true) then return record end
  forget_session(to, sid)
end
