-- Subjects of whom something was last of use before a moment.
-- with: order
-- ARGV: the moment, a place: when it was, subject ('', '': none), how many
-- Replies: how many were looked at, the place of the last of them, nothing, and for each: when it was, subject
local seen = unpack(KEYS)

local entries = stretch(seen, '', ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), false)
local reply = header(entries)
table.insert(reply, false)
for _, entry in ipairs(entries) do table.insert(reply, {entry[2], entry[1]}) end
return reply
