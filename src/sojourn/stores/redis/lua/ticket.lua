-- A ticket by its digest.
-- ARGV: digest
-- Replies: its record, or nothing
local tickets = unpack(KEYS)

return redis.call('HGET', tickets, ARGV[1])
