-- Who buys what is not there yet, on a Redis server: the operations of gate/kept.h, each in one step.
--
-- KEYS: answer, claim. ARGV: the operation, then
--   ask        owner, how old an answer may be, how long the claim lasts; replies "here", "mine", or "others" with how
--              much longer their claim lasts
--   keep       how long, note, body
--   give_back  owner
-- Times are milliseconds of the server's clock. What an answer holds is read with a plain command: it does not pass
-- through here, where it would be copied. Servers before 5 want to be told that a script may write behind TIME.

if redis.replicate_commands then redis.replicate_commands() end

local ANSWER, CLAIM = KEYS[1], KEYS[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function ask(owner, fresh, lease)
  local at = redis.call('HGET', ANSWER, 'at')
  if at and math.max(now - at, 0) < tonumber(fresh) then return {'here', 0} end
  local had = redis.call('GET', CLAIM)
  if had and had ~= owner then return {'others', redis.call('PTTL', CLAIM)} end
  redis.call('SET', CLAIM, owner, 'PX', lease)
  return {'mine', 0}
end

local function keep(span, note, body)
  redis.call('HMSET', ANSWER, 'at', string.format('%.0f', now), 'note', note, 'body', body)
  redis.call('PEXPIRE', ANSWER, span)
  redis.call('DEL', CLAIM)
  return {'kept', 0}
end

local function give_back(owner)
  if redis.call('GET', CLAIM) == owner then redis.call('DEL', CLAIM) end
  return {'given', 0}
end

local operation = ARGV[1]
if operation == 'ask' then return ask(ARGV[2], ARGV[3], ARGV[4]) end
if operation == 'keep' then return keep(ARGV[2], ARGV[3], ARGV[4]) end
return give_back(ARGV[2])
