-- Of whom anything is kept on this route, in the order of their bytes.
-- ARGV: the subject before them ('': begin with the first), how many
-- Replies: the first so many
local subjects, leases, history, ticketed, told = unpack(KEYS)

local known, found = {}, {}
local function add(subject)
  if subject > ARGV[1] and not known[subject] then
    known[subject] = true
    table.insert(found, subject)
  end
end

for _, hash in ipairs({subjects, leases}) do
  for _, subject in ipairs(redis.call('HKEYS', hash)) do add(subject) end
end
for _, sorted in ipairs({history, ticketed, told}) do
  local after, left = ARGV[1] == '' and '-' or '[' .. ARGV[1] .. '\1', tonumber(ARGV[2])
  while left > 0 do
    local member = redis.call('ZRANGEBYLEX', sorted, after, '+', 'LIMIT', 0, 1)[1]
    if not member then break end
    local subject = string.match(member, '^[^%z]*')
    add(subject)
    after, left = '[' .. subject .. '\1', left - 1
  end
end
table.sort(found)
return {unpack(found, 1, math.min(#found, tonumber(ARGV[2])))}
