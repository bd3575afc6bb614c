-- One operation of gate/ledger.h on a Redis server, decided as a whole before anything of it is written.
--
-- KEYS: account, holds, leases, users, ended:0, ended:1, journal, notices. ARGV: the operation, then what it takes.
-- Replies with 'ok' and what the operation gives; 'none': there is no such account; 'lost' with what is lost; 'again':
-- something has changed since the caller looked; 'below': spent would be below zero; 'live': not while holds are live;
-- 'cost': a hold that is not known, and nobody says what it has cost.
--
-- Times are microseconds of the server's clock, credits whole numbers, all of them exact in a double. The rules are
-- those of gate/rules.h, whose comment says which function is which one here: change both, and run
-- tests/contract/ledger_alike_test.c with a JL_SCALE of its own. ledger_redis.c says what the keys hold. Servers before 5 want to be told that a script may
-- write behind TIME.

if redis.replicate_commands then redis.replicate_commands() end

local ACCOUNT, HOLDS, LEASES, USERS, JOURNAL, NOTICES = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[7], KEYS[8]
local ENDED = {[0] = KEYS[5], [1] = KEYS[6]}
local SECOND, DAY = 1000000, 86400000000
local NOTICES_KEPT = 100 * DAY
local SHORTEST_MONTH = 28 * DAY

local call, floor, format, match, concat = redis.call, math.floor, string.format, string.match, table.concat
local time = call('TIME')
local now = time[1] * SECOND + time[2]

-- Lua itself would write fourteen digits.
local function text(value)
  return type(value) == 'number' and format('%.0f', value) or value
end

-- ---- what is damaged ----

-- Ends the operation, of which nothing has been written yet.
local function damaged(what)
  error('lost:' .. what, 0)
end

local function whole(value, what)
  return match(value, '^%-?%d+$') and tonumber(value) or damaged(what)
end

-- Of a command that counts; -1: the key is of another type.
local function count(command, key)
  local n = redis.pcall(command, key)
  if type(n) ~= 'table' then return n end
  return match(n.err, '^WRONGTYPE') and -1 or call(command, key)
end

-- ---- periods: "days" are those since 1970, as in Howard Hinnant, chrono-Compatible Low-Level Date Algorithms ----

local function days_of(year, month, day)
  if month <= 2 then year = year - 1 end
  local era = floor(year / 400)
  local of_era = year - era * 400
  local of_year = floor((153 * (month > 2 and month - 3 or month + 9) + 2) / 5) + day - 1
  return era * 146097 + of_era * 365 + floor(of_era / 4) - floor(of_era / 100) + of_year - 719468
end

local function date_of(days)
  days = days + 719468
  local era = floor(days / 146097)
  local of_era = days - era * 146097
  local year = floor((of_era - floor(of_era / 1460) + floor(of_era / 36524) - floor(of_era / 146096)) / 365)
  local of_year = of_era - (365 * year + floor(year / 4) - floor(year / 100))
  local month = floor((5 * of_year + 2) / 153)
  local day = of_year - floor((153 * month + 2) / 5) + 1
  month = month < 10 and month + 3 or month - 9
  return year + era * 400 + (month <= 2 and 1 or 0), month, day
end

local function first_day(year, month, anchor)
  if anchor <= 28 then return anchor end
  local next_year, next_month = month == 12 and year + 1 or year, month == 12 and 1 or month + 1
  return math.min(anchor, days_of(next_year, next_month, 1) - days_of(year, month, 1))
end

local function period_of(at, anchor)
  local year, month, day = date_of(floor(at / DAY))
  if day < first_day(year, month, anchor) then
    month = month - 1
    if month == 0 then year, month = year - 1, 12 end
  end
  return format('%04d-%02d-%02d', year, month, first_day(year, month, anchor))
end

local function date_in(period)
  local year, month, day = match(period, '^(%d+)-(%d+)-(%d+)$')
  return tonumber(year), tonumber(month), tonumber(day)
end

local function start_of(period)
  return days_of(date_in(period)) * DAY
end

-- Later in the same month only when the anchor was another one when the period began.
local function end_of(period, anchor)
  local year, month, day = date_in(period)
  if first_day(year, month, anchor) <= day then
    month = month + 1
    if month == 13 then year, month = year + 1, 1 end
  end
  return days_of(year, month, first_day(year, month, anchor)) * DAY
end

-- ---- what is to be written ----

local queue = {}     -- commands
local hold_of = {}   -- by id, as it will be; false: gone
local hold_new = {}  -- ids of those that have changed
local ended_new = {} -- by id: text
local user_of = {}   -- by field: credits
local user_new = {}
local spent_of = {} -- by period
local spent_new = {}
local a = {} -- the account
local a_new = {}
local blank = false -- what the keys of sums hold does not count

local function later(...)
  queue[#queue + 1] = {...}
end

local function put(field, value)
  if a[field] ~= value then
    a[field] = value
    a_new[field] = true
  end
end

local function event(kind, id, endpoint, user, credits, period, reach, note)
  put('seq', a.seq + 1)
  put('at', math.max(a.at, floor(now / 1000)))
  later('XADD', JOURNAL, text(a.seq) .. '-0', 'at', text(a.at), 'kind', kind, 'id', id, 'endpoint', endpoint, 'user',
    user, 'credits', text(credits), 'period', period, 'reach', reach, 'note', note)
end

local function hold_text(h)
  return concat({h.state, h.flags, text(h.normal), text(h.worst), text(h.made), text(h.lease), h.period, h.reach,
    text(h.charged), h.endpoint, h.user}, '\t')
end

-- ---- the account ----

local NUMBERS = {'seq', 'at', 'live', 'holds', 'users', 'ended:0', 'ended:1', 'notices', 'slot', 'since', 'version',
  'tat', 'well', 'cooled'}
local TEXTS = {'period', 'held', 'carried', 'probes', 'breaker', 'why', 'window', 'numbers'}
local FIELDS = {unpack(NUMBERS)}
for _, field in ipairs(TEXTS) do FIELDS[#FIELDS + 1] = field end

local s = {} -- its settings
local period, period_end

local function read_settings(numbers)
  local n = {}
  for number in string.gmatch(numbers, '%S+') do n[#n + 1] = tonumber(number) end
  s.budget, s.anchor, s.concurrency, s.interval, s.burst = n[1], n[2], n[3], n[4], n[5]
  s.timeout, s.grace, s.hold, s.user_cap, s.priority_share = n[6], n[7], n[8], n[9], n[10]
  s.rate, s.window, s.calls, s.cooldown, s.probes = n[11], n[12], n[13], n[14], n[15]
  period = period_of(now, s.anchor)
  period_end = end_of(period, s.anchor)
end

-- What admission depends on is written together with its digest, so that a field which somebody else has changed is
-- noticed. `sum`: what is spent in the period of the account.
local function seal(values, sum)
  return redis.sha1hex(concat(values, '\n') .. '\n' .. sum)
end

local function sealed(values, digest)
  local of = values[#NUMBERS + 1]
  if not digest or not of then return false end
  local sum = call('HGET', ACCOUNT, 'spent:' .. of)
  spent_of[of] = tonumber(sum or 0)
  for _, value in ipairs(values) do
    if not value then return false end
  end
  return seal(values, sum or '0') == digest
end

-- Reads the account; false: there is none.
local function read_account()
  local values = redis.pcall('HMGET', ACCOUNT, 'seal', unpack(FIELDS))
  if values.err then return match(values.err, '^WRONGTYPE') and damaged('account') or error(values.err, 0) end
  local digest = table.remove(values, 1)
  if not digest and call('HLEN', ACCOUNT) == 0 then return false end
  if not sealed(values, digest) then damaged('account') end
  for i, field in ipairs(FIELDS) do
    a[field] = i <= #NUMBERS and tonumber(values[i]) or values[i]
  end
  read_settings(a.numbers)
  return true
end

-- Keys can be evicted, or deleted by somebody; then what they held is not zero but unknown.
local function lost()
  if count('HLEN', HOLDS) ~= a.holds then return 'holds' end
  if count('ZCARD', LEASES) ~= a.live then return 'leases' end
  if count('HLEN', USERS) ~= a.users then return 'users' end
  if count('HLEN', ENDED[0]) ~= a['ended:0'] then return 'ended:0' end
  if count('HLEN', ENDED[1]) ~= a['ended:1'] then return 'ended:1' end
  if count('XLEN', JOURNAL) ~= a.seq then return 'journal' end
  if count('HLEN', NOTICES) ~= a.notices then return 'notices' end
  return false
end

local function new_account()
  for _, field in ipairs(NUMBERS) do a[field] = 0 end
  for _, field in ipairs(TEXTS) do a[field] = '' end
  a.breaker, a.why = 'closed', 'failures'
end

local function write_whole_account()
  for _, field in ipairs(FIELDS) do a_new[field] = true end
end

-- ---- sums ----

local function spent(of)
  if not spent_of[of] then
    spent_of[of] = whole(not blank and call('HGET', ACCOUNT, 'spent:' .. of) or '0', 'account')
  end
  return spent_of[of]
end

local function user_sum(field)
  if not user_of[field] then user_of[field] = whole(not blank and call('HGET', USERS, field) or '0', 'users') end
  return user_of[field]
end

local function user_add(field, credits)
  if credits == 0 then return end
  local before = user_sum(field)
  user_of[field] = before + credits
  user_new[field] = true
  if before == 0 then put('users', a.users + 1) end
  if user_of[field] == 0 then put('users', a.users - 1) end
end

-- The first period of which it is known what each user spent: the two before this one, of which the second counts again
-- when the anchor is set back.
local function first_of_users()
  return period_of(start_of(period_of(start_of(period) - 1, s.anchor)) - 1, s.anchor)
end

local function spend(of, user, credits)
  if credits == 0 then return end
  spent_of[of] = spent(of) + credits
  spent_new[of] = true
  if user ~= '' and (of >= period or of >= first_of_users()) then
    user_add(of .. '\t' .. user, credits)
  end
end

-- Credits by period and reach, "2026-11-01 2026-12-01 15" and more of them behind commas: few, for most holds share the
-- same.
local function span_add(field, from, to, credits)
  local list, found = {}, false
  for p, r, sum in string.gmatch(a[field], '([%d-]+) ([%d-]+) (%d+)') do
    sum = tonumber(sum)
    if p == from and r == to then
      sum, found = sum + credits, true
    end
    if sum ~= 0 then list[#list + 1] = p .. ' ' .. r .. ' ' .. text(sum) end
  end
  if not found and credits ~= 0 then list[#list + 1] = from .. ' ' .. to .. ' ' .. text(credits) end
  put(field, concat(list, ','))
end

-- A live hold reaches the current period, whatever is written: it is live.
local function committed(of)
  local all = spent(of)
  for _, r, sum in string.gmatch(a.held, '([%d-]+) ([%d-]+) (%d+)') do
    if of == period or of <= r then all = all + sum end
  end
  for p, r, sum in string.gmatch(a.carried, '([%d-]+) ([%d-]+) (%d+)') do
    if p < of and of <= r then all = all + sum end
  end
  return all
end

-- ---- holds ----

local function hold_read(value)
  local h = {}
  h.state, h.flags, h.normal, h.worst, h.made, h.lease, h.period, h.reach, h.charged, h.endpoint, h.user =
    match(value, '^(%l+)\t([%l ]*)\t(%d+)\t(%d+)\t(%d+)\t(%d+)\t([%d-]+)\t([%d-]+)\t(%d+)\t([^\t]*)\t(.*)$')
  if h.state ~= 'reserved' and h.state ~= 'sent' and h.state ~= 'uncertain' then damaged('holds') end
  h.normal, h.worst, h.charged = tonumber(h.normal), tonumber(h.worst), tonumber(h.charged)
  h.made, h.lease = tonumber(h.made), tonumber(h.lease)
  return h
end

local function hold_get(id)
  if hold_of[id] == nil then
    local value = call('HGET', HOLDS, id)
    hold_of[id] = value and hold_read(value)
  end
  return hold_of[id]
end

local function hold_put(id, h)
  if not hold_get(id) then put('holds', a.holds + 1) end
  hold_of[id] = h
  hold_new[id] = true
end

-- Of something that is live.
local function hold_must(id)
  return hold_get(id) or damaged('holds')
end

local function ended_get(id)
  return ended_new[id] or call('HGET', ENDED[a.slot], id) or call('HGET', ENDED[1 - a.slot], id)
end

local function ended_put(id, value)
  local count = 'ended:' .. a.slot
  if not ended_new[id] then put(count, a[count] + 1) end
  ended_new[id] = value
end

local function hold_end(id, h, state, charged)
  hold_of[id] = false
  hold_new[id] = true
  put('holds', a.holds - 1)
  ended_put(id, state .. '\t' .. text(charged) .. '\t' .. h.period)
end

local function hold_live(id, h)
  put('live', a.live + 1)
  span_add('held', h.period, h.reach, h.worst)
  if h.user ~= '' then user_add('\t' .. h.user, h.worst) end
  if match(h.flags, 'probe') then put('probes', a.probes .. id .. ' ') end
  later('ZADD', LEASES, text(h.lease), id)
end

local function hold_unlive(id, h)
  put('live', a.live - 1)
  span_add('held', h.period, h.reach, -h.worst)
  if h.user ~= '' then user_add('\t' .. h.user, -h.worst) end
  if match(h.flags, 'probe') then put('probes', (string.gsub(a.probes, id .. ' ', '', 1))) end
  later('ZREM', LEASES, id)
end

-- A hold that is live or new becomes uncertain, and is charged its worst case.
local function hold_doubt(id, h, note)
  h.state, h.charged = 'uncertain', h.worst
  spend(h.period, h.user, h.worst)
  if h.period < h.reach then span_add('carried', h.period, h.reach, h.worst) end
  hold_put(id, h)
  event('uncertain', id, h.endpoint, h.user, h.worst, h.period, h.reach, note)
end

-- An uncertain one is none any more.
local function hold_clear(h)
  spend(h.period, h.user, -h.charged)
  if h.period < h.reach then span_add('carried', h.period, h.reach, -h.worst) end
end

local function lapse(id, h)
  if h.state == 'uncertain' then damaged('leases') end
  hold_unlive(id, h)
  if h.state == 'sent' then
    hold_doubt(id, h, 'lease')
  else
    hold_end(id, h, 'void', 0)
    event('void', id, h.endpoint, h.user, 0, h.period, h.reach, 'lease')
  end
end

local function end_leases()
  for _, id in ipairs(call('ZRANGEBYSCORE', LEASES, '-inf', text(now))) do lapse(id, hold_must(id)) end
end

-- ---- a new period ----

local function forget_users()
  local before = first_of_users()
  for _, field in ipairs(call('HKEYS', USERS)) do
    local of = match(field, '^([%d-]+)\t')
    if of and of < before then
      later('HDEL', USERS, field)
      put('users', a.users - 1)
    end
  end
end

local function forget_notices()
  local all = call('HGETALL', NOTICES)
  for i = 1, #all, 2 do
    if (tonumber(match(all[i + 1], '^%l+ (%d+)') or 0)) < now - NOTICES_KEPT then
      later('HDEL', NOTICES, all[i])
      put('notices', a.notices - 1)
    end
  end
end

-- Ended holds are remembered in this period and the next. A period that begins only because the anchor was set is none
-- that could have been waited for: `since` says when the last one began that was. Backward, when the anchor or the clock
-- is set, nothing is forgotten.
local function begin_period()
  if period <= a.period then return end
  put('period', period)
  if start_of(period) - a.since < SHORTEST_MONTH then return end
  put('since', start_of(period))
  put('slot', 1 - a.slot)
  later('DEL', ENDED[a.slot])
  put('ended:' .. a.slot, 0)
  forget_users()
  forget_notices()
end

-- ---- the breaker ----

local function breaker_event(note)
  event('breaker', '', '', '', 0, period, '', note)
end

local function breaker_open(why, cooled)
  put('breaker', 'open')
  put('why', why)
  put('cooled', cooled)
  put('well', 0)
  breaker_event('open ' .. why)
end

local function breaker_close(note)
  local news = a.breaker ~= 'closed'
  put('breaker', 'closed')
  put('window', '')
  put('well', 0)
  if news then breaker_event(note) end
end

local function breaker_count(letter)
  put('window', string.sub(a.window .. letter, -s.window))
  local _, failures = string.gsub(a.window, '%-', '')
  if #a.window >= math.min(s.calls, s.window) and failures * 100 >= s.rate * #a.window then
    breaker_open('failures', now + s.cooldown)
  end
end

local function breaker_probed(letter)
  if letter == '-' then return breaker_open('failures', now + s.cooldown) end
  put('well', a.well + 1)
  if a.well >= s.probes then breaker_close('closed') end
end

local function breaker_hear(outcome, probe)
  if outcome == 'quota' then
    local longer = a.cooled < 0 or a.cooled >= period_end
    if a.breaker ~= 'open' or not longer or a.why == 'failures' then breaker_open('quota', period_end) end
  elseif outcome ~= 'neutral' then
    local letter = outcome == 'failed' and '-' or '+'
    if a.breaker == 'closed' then
      breaker_count(letter)
    elseif a.breaker == 'half-open' and probe then
      breaker_probed(letter)
    end
  end
end

local function count_probes()
  local _, n = string.gsub(a.probes, ' ', '')
  return n
end

local function probe_wait()
  local wait = SECOND
  for id in string.gmatch(a.probes, '%S+') do wait = math.min(wait, hold_must(id).lease - now) end
  return wait
end

local function breaker_wake()
  if a.breaker ~= 'open' or a.cooled < 0 or now < a.cooled then return end
  put('breaker', 'half-open')
  put('well', 0)
  breaker_event('half-open')
end

-- Whether a call may pass, and else why not and how long: its number in jl_refusal, 0 = it may.
local function breaker_check()
  if a.breaker == 'open' then return a.why == 'quota' and 7 or 6, a.cooled < 0 and -1 or a.cooled - now end
  if a.breaker == 'half-open' and count_probes() >= s.probes then return 6, probe_wait() end
  return 0, 0
end

-- ---- reserve ----

-- jl_admission: refusal, wait, normal, worst, committed, budget, probe, period.
local function admission(refusal, wait, h, sum, limit)
  return {'ok', refusal, wait, h.normal, h.worst, sum, limit, match(h.flags, 'probe') and 1 or 0, h.period}
end

local function price(endpoint, cost)
  if cost >= 0 then return cost, cost end
  local normal, worst = match(call('HGET', ACCOUNT, 'set.price.' .. endpoint) or '', '^(%d+):?(%d*)$')
  return tonumber(normal), tonumber(worst) or tonumber(normal)
end

local function first_lease()
  local first = call('ZRANGEBYSCORE', LEASES, '(' .. text(now), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  return tonumber(first[2]) or now
end

local function limit_of(priority)
  return priority and s.budget or floor(s.budget * (100 - s.priority_share) / 100)
end

-- Refusal, wait, committed, budget, period.
local function check_budget(h, limit)
  for _, of in ipairs(h.reach == period and {period} or {period, h.reach}) do
    local sum = committed(of)
    if sum + h.worst > limit then return 2, period_end - now, sum, limit, of end
  end
  if h.user ~= '' and s.user_cap > 0 then
    local sum = user_sum(period .. '\t' .. h.user) + user_sum('\t' .. h.user)
    if sum + h.worst > s.user_cap then return 3, period_end - now, sum, s.user_cap, period end
  end
  return 0
end

-- No further ahead than a burst, in case the clock or the rate was set.
local function cut_ahead()
  put('tat', math.min(a.tat, now + s.burst * s.interval))
end

local function check_flow()
  if a.live >= s.concurrency then return 4, math.min(first_lease() - now, SECOND / 5) end
  if s.interval == 0 then return 0 end
  cut_ahead()
  if a.tat - now > (s.burst - 1) * s.interval then return 5, a.tat - now - (s.burst - 1) * s.interval end
  return 0
end

local function reserve_known(id, normal, worst)
  local h = hold_get(id)
  if not h and not ended_get(id) then return nil end
  h = h or {normal = normal or 0, worst = worst or 0, flags = '', period = period}
  return admission(0, 0, h, committed(period), limit_of(match(h.flags, 'priority')))
end

-- A millisecond later, in case a client rounds.
local function reach_at(at)
  at = at + SECOND / 1000
  return at < period_end and period or period_of(at, s.anchor)
end

local function reserve(id, endpoint, user, cost, priority)
  priority = priority == '1'
  local normal, worst = price(endpoint, tonumber(cost))
  local known = reserve_known(id, normal, worst)
  if known then return known end
  breaker_wake()
  local limit = limit_of(priority)
  local h = {state = 'reserved', flags = '', normal = normal or 0, worst = worst or 0, made = now, lease = now + s.hold,
    period = period, reach = reach_at(now + s.hold + s.timeout + s.grace), charged = 0, endpoint = endpoint,
    user = user}
  if not normal then return admission(1, -1, h, committed(period), limit) end
  local refusal, wait, sum, most, of = breaker_check()
  if refusal == 0 then refusal, wait, sum, most, of = check_budget(h, limit) end
  if refusal == 0 then refusal, wait = check_flow() end
  if refusal ~= 0 then
    h.period = of or period
    return admission(refusal, wait, h, sum or committed(period), most or limit)
  end
  if s.interval > 0 then put('tat', math.max(a.tat, now) + s.interval) end
  local probe = a.breaker == 'half-open'
  h.flags = (priority and 'priority' or '') .. (priority and probe and ' ' or '') .. (probe and 'probe' or '')
  hold_put(id, h)
  hold_live(id, h)
  event('reserve', id, endpoint, user, worst, h.period, h.reach, h.flags)
  return admission(0, 0, h, committed(period), limit)
end

-- ---- send, settle ----

local function send(id)
  local h = hold_get(id)
  if not h or h.state == 'uncertain' then return {'ok', -1} end
  if h.state == 'reserved' then
    local reach = reach_at(now + s.timeout + s.grace)
    -- A period that it was not admitted for: the clock or the settings have changed.
    if reach > h.reach then
      lapse(id, h)
      return {'ok', -1}
    end
    if h.period ~= period or h.reach ~= reach then
      span_add('held', h.period, h.reach, -h.worst)
      span_add('held', period, reach, h.worst)
    end
    h.state, h.lease, h.period, h.reach = 'sent', now + s.timeout + s.grace, period, reach
    hold_put(id, h)
    later('ZADD', LEASES, text(h.lease), id)
    event('send', id, h.endpoint, h.user, h.worst, h.period, h.reach, '')
  end
  return {'ok', h.lease - now}
end

-- jl_settled: before, now, charged, lost.
local function settle_unknown(id, to, cost, outcome, endpoint, user, worst)
  local ended = ended_get(id)
  local state, charged = match(ended or '', '^(%l+)\t(%d+)\t')
  if ended and not state then damaged('ended') end
  if state then return {'ok', state, state, tonumber(charged), 0} end
  if to == 'void' then return {'ok', 'none', 'none', 0, 0} end
  if worst < 0 and (to == 'uncertain' or cost < 0) then return {'cost'} end
  local h = {flags = '', normal = worst, worst = worst, made = now, lease = now, period = period, reach = period,
    charged = 0, endpoint = endpoint, user = user}
  if to == 'uncertain' then
    hold_doubt(id, h, 'lost')
    charged = worst
  else
    charged = cost >= 0 and cost or worst
    spend(period, user, charged)
    ended_put(id, 'settled\t' .. text(charged) .. '\t' .. period)
    event('settle', id, endpoint, user, charged, period, period, 'lost')
  end
  breaker_hear(outcome, false)
  return {'ok', 'none', to, charged, 1}
end

local function settle(id, to, cost, outcome, by, endpoint, user, worst)
  cost, worst = tonumber(cost), tonumber(worst)
  local h = hold_get(id)
  if not h then return settle_unknown(id, to, cost, outcome, endpoint, user, worst) end
  local before = h.state
  if before == to then return {'ok', to, to, h.charged, 0} end
  if before == 'uncertain' then hold_clear(h) else hold_unlive(id, h) end
  local charged = to == 'uncertain' and h.worst or to == 'void' and 0 or cost >= 0 and cost or h.normal
  if to == 'uncertain' then
    hold_doubt(id, h, by)
  else
    spend(h.period, h.user, charged)
    hold_end(id, h, to, charged)
    event(to == 'void' and 'void' or 'settle', id, h.endpoint, h.user, charged, h.period, h.reach, by)
  end
  breaker_hear(outcome, match(h.flags, 'probe') ~= nil)
  return {'ok', before, to, charged, 0}
end

-- ---- by hand ----

-- A step without a hold is known by an id of its own, should it come again.
local function once(id)
  if ended_get(id) then return false end
  ended_put(id, 'done')
  return true
end

local function write_settings(first)
  local given = {}
  for i = first, #ARGV, 2 do
    given['set.' .. ARGV[i]] = true
    later('HSET', ACCOUNT, 'set.' .. ARGV[i], ARGV[i + 1])
  end
  for _, field in ipairs(call('HKEYS', ACCOUNT)) do
    if match(field, '^set%.') and not given[field] then later('HDEL', ACCOUNT, field) end
  end
end

-- What has been spent already in the period that now begins on another day: jl_rules_carry.
local function carry(old, anchor)
  if period == old then return end
  local sum, earlier = spent(old), period_of(start_of(old) - 1, anchor)
  if period < old and earlier ~= period then sum = sum + spent(earlier) end
  local more = sum - spent(period)
  if more > 0 then
    spend(period, '', more)
    event('adjust', '', '', '', more, period, '', 'anchor')
  end
end

-- id, version of the settings that they were made from, numbers, how many changes, changes, names and values.
local function set(id, version, numbers, changes)
  if ended_get(id) then return {'ok'} end
  if a.version ~= tonumber(version) then return {'again'} end
  local old, anchor = period, s.anchor
  read_settings(numbers)
  if s.anchor ~= anchor and a.live > 0 then return {'live'} end
  once(id)
  changes = tonumber(changes)
  put('version', a.version + 1)
  put('numbers', numbers)
  cut_ahead()
  for i = 6, 5 + changes do event('set', '', '', '', 0, '', '', ARGV[i]) end
  carry(old, anchor)
  write_settings(6 + changes)
  return {'ok'}
end

local function adjust(id, credits, note)
  credits = tonumber(credits)
  if ended_get(id) then return {'ok'} end
  if spent(period) + credits < 0 then return {'below', spent(period)} end
  once(id)
  spend(period, '', credits)
  event('adjust', '', '', '', credits, period, '', note)
  return {'ok'}
end

local function breaker(id, open, span)
  if once(id) then
    span = tonumber(span)
    if open == '1' then
      breaker_open('person', span > 0 and now + span or -1)
    else
      breaker_close('closed person')
    end
  end
  return {'ok'}
end

-- ---- notices ----

local function claim(owner, key, lease)
  lease = tonumber(lease)
  local had = call('HGET', NOTICES, key)
  local state, at, by = match(had or '', '^(%l+) (%d+) ?(%x*)$')
  if state == 'told' or (state and tonumber(at) > now and by ~= owner) then return {'ok', 0} end
  if not had then put('notices', a.notices + 1) end
  later('HSET', NOTICES, key, 'claimed ' .. text(now + lease) .. ' ' .. owner)
  return {'ok', 1}
end

local function told(key, done)
  local had = call('HGET', NOTICES, key)
  if done == '1' then
    if not had then put('notices', a.notices + 1) end
    later('HSET', NOTICES, key, 'told ' .. text(now))
  elseif had and match(had, '^claimed') then
    put('notices', a.notices - 1)
    later('HDEL', NOTICES, key)
  end
  return {'ok'}
end

-- ---- restore ----

-- The last entry's number; -1 when there are fewer entries than that.
local function last_entry()
  if count('XLEN', JOURNAL) < 0 then return -1 end
  local last = call('XREVRANGE', JOURNAL, '+', '-', 'COUNT', 1)
  local seq = last[1] and tonumber(match(last[1][1], '^(%d+)')) or 0
  return call('XLEN', JOURNAL) == seq and seq or -1
end

-- What is no hash says nothing about what has been told.
local function keep_notices()
  a.notices = call('TYPE', NOTICES).ok == 'hash' and call('HLEN', NOTICES) or 0
  if a.notices == 0 then later('DEL', NOTICES) end
end

local function restore_hold(id, value)
  local h = hold_read(value)
  h.made, h.lease = now - h.made, now + h.lease
  hold_of[id] = false
  hold_put(id, h)
  if h.state ~= 'uncertain' then
    hold_live(id, h)
  elseif h.period < h.reach then
    span_add('carried', h.period, h.reach, h.worst)
  end
end

local function restore_ended(id, value)
  local slot = match(value, '([%d-]+)$') >= period and 0 or 1
  a['ended:' .. slot] = a['ended:' .. slot] + 1
  later('HSET', ENDED[slot], id, value)
end

local function restore_sum(of, user, sum)
  if user == '' then
    spent_of[of] = sum
    spent_new[of] = true
  else
    user_add(of .. '\t' .. user, sum)
  end
end

-- What the account said before, as far as that can be believed.
local function old_account()
  local well, there = pcall(read_account)
  local had = well and there and {seq = a.seq, at = a.at, version = a.version}
  return had or {seq = 0, at = 0, version = 0}
end

-- seq, numbers, breaker, why, span until it has cooled or -1, window, well, how many holds, ended holds and sums. Then
-- each hold's id and text, with its age and its lease as spans; each ended one's id and text; each sum's period, user
-- and credits; names and values of the settings.
local function restore(seq, numbers, state, why, span, window, well, holds, endings, sums)
  seq, span, holds, endings, sums = tonumber(seq), tonumber(span), tonumber(holds), tonumber(endings), tonumber(sums)
  local last = last_entry()
  local had = old_account()
  if last <= 0 or last < had.seq then return {'lost', 'journal'} end
  if last ~= seq then return {'again'} end
  blank, spent_of = true, {}
  new_account()
  a.seq, a.at, a.version, a.numbers = seq, had.at, had.version + 1, numbers
  a.breaker, a.why, a.window, a.well, a.tat = state, why, window, tonumber(well), now
  a.cooled = span < 0 and -1 or now + span
  read_settings(numbers)
  a.period, a.since = period, start_of(period)
  for _, key in ipairs({ACCOUNT, HOLDS, LEASES, USERS, ENDED[0], ENDED[1]}) do later('DEL', key) end
  keep_notices()
  local i = 12
  for _ = 1, holds do
    restore_hold(ARGV[i], ARGV[i + 1])
    i = i + 2
  end
  for _ = 1, endings do
    restore_ended(ARGV[i], ARGV[i + 1])
    i = i + 2
  end
  for _ = 1, sums do
    restore_sum(ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]))
    i = i + 3
  end
  for k = i, #ARGV, 2 do later('HSET', ACCOUNT, 'set.' .. ARGV[k], ARGV[k + 1]) end
  event('rebuild', '', '', '', 0, '', '', '')
  write_whole_account()
  return {'ok'}
end

-- ---- the end of an operation ----

local function commit_keys()
  for id, value in pairs(ended_new) do later('HSET', ENDED[a.slot], id, value) end
  for id in pairs(hold_new) do
    if hold_of[id] then later('HSET', HOLDS, id, hold_text(hold_of[id])) else later('HDEL', HOLDS, id) end
  end
  for field in pairs(user_new) do
    if user_of[field] ~= 0 then later('HSET', USERS, field, text(user_of[field])) else later('HDEL', USERS, field) end
  end
end

local function commit_account()
  local changes = {}
  local function add(field, value)
    changes[#changes + 1] = field
    changes[#changes + 1] = text(value)
  end
  for field in pairs(a_new) do add(field, a[field]) end
  for of in pairs(spent_new) do add('spent:' .. of, spent_of[of]) end
  if #changes == 0 then return end
  local values = {}
  for i, field in ipairs(FIELDS) do values[i] = text(a[field]) end
  add('seal', seal(values, text(spent(a.period))))
  later('HMSET', ACCOUNT, unpack(changes))
end

local function commit()
  commit_keys()
  commit_account()
  for i = 1, #queue do call(unpack(queue[i])) end
end

-- ---- look ----

local function list_of(field)
  local list = {}
  for from, to, sum in string.gmatch(a[field], '([%d-]+) ([%d-]+) (%d+)') do list[from .. ' ' .. to] = tonumber(sum) end
  return list
end

-- Whether two tables of sums are the same.
local function same(one, other)
  for key, sum in pairs(one) do
    if sum ~= (other[key] or 0) then return false end
  end
  for key, sum in pairs(other) do
    if sum ~= (one[key] or 0) then return false end
  end
  return true
end

local function table_of(list)
  local of = {}
  for i = 1, #list, 2 do of[list[i]] = list[i + 1] end
  return of
end

-- Adds up what the sums of holds must be: of the live ones, of those that reach a later period, of the users.
local function add_up(holds)
  local held, carried, users, leases = {}, {}, {}, {}
  local function add(to, key, credits) to[key] = (to[key] or 0) + credits end
  for id, value in pairs(holds) do
    local h = hold_read(value)
    local span = h.period .. ' ' .. h.reach
    if h.state ~= 'uncertain' then
      add(held, span, h.worst)
      if h.user ~= '' then add(users, '\t' .. h.user, h.worst) end
      leases[id] = h.lease
    elseif h.period < h.reach then
      add(carried, span, h.worst)
    end
  end
  return held, carried, users, leases
end

-- What contradicts the holds; false: nothing does.
local function contradiction(holds, users)
  local held, carried, of_users, leases = add_up(holds)
  if not same(held, list_of('held')) or not same(carried, list_of('carried')) then return 'holds' end
  local told = {}
  for field, sum in pairs(users) do
    if match(field, '^\t') then told[field] = whole(sum, 'users') end
  end
  if not same(of_users, told) then return 'users' end
  local ends = table_of(call('ZRANGEBYSCORE', LEASES, '-inf', '+inf', 'WITHSCORES'))
  for id, at in pairs(ends) do ends[id] = tonumber(at) end
  return not same(leases, ends) and 'leases'
end

local function look()
  local fields, holds, users = call('HGETALL', ACCOUNT), call('HGETALL', HOLDS), call('HGETALL', USERS)
  local what = contradiction(table_of(holds), table_of(users))
  if what then return {'lost', what} end
  return {'ok', now, period, period_of(period_end, s.anchor), fields, holds, users}
end

-- ---- which one ----

local operation = ARGV[1]

local function begin_account(there)
  if there then return nil end
  if operation ~= 'set' or ARGV[3] ~= '0' then return {operation == 'set' and 'again' or 'none'} end
  read_settings(ARGV[4])
  write_whole_account()
  a.period, a.since = period, start_of(period)
end

local OPERATIONS = {reserve = reserve, send = send, settle = settle, set = set, adjust = adjust, breaker = breaker,
  claim = claim, told = told}

local function decide()
  if operation == 'restore' then return restore(unpack(ARGV, 2, 11)) end
  local there = read_account()
  if not there then new_account() end
  local what = lost()
  if what then return {'lost', there and what or 'account'} end
  local refused = begin_account(there)
  if refused then return refused end
  if operation == 'settings' then return {'ok', a.version, call('HGETALL', ACCOUNT)} end
  begin_period()
  end_leases()
  local work = OPERATIONS[operation]
  return work and work(unpack(ARGV, 2, math.min(#ARGV, 9))) or {'ok'}
end

-- What fails has found something that cannot be read; nothing is written then.
local function answer(work, ...)
  local well, reply = pcall(work, ...)
  if well then return reply end
  local what = type(reply) == 'string' and match(reply, '^lost:(%S+)$')
  return what and {'lost', what} or error(reply, 0)
end

local reply = answer(decide)
if reply[1] == 'lost' then return reply end
commit()
return operation == 'look' and reply[1] == 'ok' and answer(look) or reply
