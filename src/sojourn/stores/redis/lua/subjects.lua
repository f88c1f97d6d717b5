-- Of whom anything is kept on this route: in no order, since `<` compares texts here as the locale of the server has it.
-- ARGV: a subject ('': none), how many
-- Replies: subjects, some of them more than once; among them are the first so many after that one, by their bytes
local subjects, leases, history, ticketed, told = unpack(KEYS)

local reply = {}
for _, hash in ipairs({subjects, leases}) do
  for _, subject in ipairs(redis.call('HKEYS', hash)) do table.insert(reply, subject) end
end
for _, sorted in ipairs({history, ticketed, told}) do
  local after, left = ARGV[1] == '' and '-' or '[' .. ARGV[1] .. '\1', tonumber(ARGV[2])
  while left > 0 do
    local member = redis.call('ZRANGEBYLEX', sorted, after, '+', 'LIMIT', 0, 1)[1]
    if not member then break end
    local subject = string.match(member, '^[^%z]*')
    table.insert(reply, subject)
    after, left = '[' .. subject .. '\1', left - 1
  end
end
return reply
