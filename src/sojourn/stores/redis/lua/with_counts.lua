-- Counting by keys.

local function add(counts, key)
  counts[key] = (counts[key] or 0) + 1
end

-- {key, count, key, count, ...}
local function flat(counts)
  local pairs_of = {}
  for key, count in pairs(counts) do
    table.insert(pairs_of, key)
    table.insert(pairs_of, count)
  end
  return pairs_of
end
