-- Decides about limits, all together. Times are milliseconds; a limit of n counters has n keys.
-- ARGV: of one limit by the time of the server, when it counts something, its kind and what is said below, as text. Otherwise,
-- for each key, packed: `t` (take) or `a` (add), its kind, the time (-1: that of the server), limit, need, cost, period, and how
-- long a fixed window goes on (-1: for ever).
-- Answers what is left of one limit; of several 1 and what is left of each; or 0, the first limit that is exceeded, and when to
-- come back (-1: never).
--
-- A command costs more than all the rest, and the one that tells the time most: quick decisions need one or two, and know the
-- time by when the key expires. They count first, and take it back when it was too much. Commands get texts: numbers cost more.

-- Numbers are exact up to here.
local MOST = 2 ^ 53
local call, floor, key, kind = redis.call, math.floor, KEYS[1], ARGV[1]
local before, ttl

-- A sliding window is a hash: `log`, and in a field that is named as the period the sum of all counts. As long as it expires in
-- more than a period nothing has to be forgotten, and all counts belong to the newest: only the sum changes.
-- ARGV: the period, the cost, the highest sum, and the limit when it is another number.
if kind == 's' then
  local sum = call('HINCRBY', key, ARGV[2], ARGV[3])
  local room = ARGV[4] - sum
  before, ttl = sum - ARGV[3], call('PTTL', key)
  if before ~= 0 and room >= 0 and ttl - ARGV[2] > 0 then
    return ARGV[5] and math.max(0, ARGV[5] - sum) or room
  end

-- A bucket is a hash: in a field that is named as the limit and the period what was taken since it was full. It expires a whole
-- number of periods after that, one more for each time that the whole limit was taken: so the time that is left says since when.
-- ARGV: the cost, the limit, the period, and how much may be taken before when it is not what the cost leaves of the limit.
elseif kind == 'b' then
  local field, cost, limit, period = ARGV[3] .. '/' .. ARGV[4], ARGV[2] + 0, ARGV[3] + 0, ARGV[4] + 0
  local most, sum = ARGV[5] and ARGV[5] + 0 or limit - cost, call('HINCRBY', key, field, ARGV[2])
  before, ttl = sum - cost, call('PTTL', key)
  local rest = before % limit
  local since = ((before - rest) / limit + 1) * period - ttl
  local taken = before - since * limit / period
  if ttl > 0 and before > 0 and since >= 0 and taken > 0 then
    if taken - most > 1e-9 then
      call('HINCRBY', key, field, '-' .. ARGV[2])
      return { 0, 1, math.ceil((taken - most) * period / limit) }
    elseif sum < MOST then
      if rest + cost >= limit then
        local later = (floor(sum / limit) + 1) * period - since
        call('PEXPIRE', key, string.format('%.0f', math.min(later, MOST)))
      end
      -- Answers are whole numbers, rounded down.
      return math.max(0, limit - taken - cost + 1e-9)
    end
  elseif most >= 0 and (ttl == -1 and before == 0 or ttl >= 0 and before > 0 and since >= 0) then
    -- It is full.
    if before > 0 then
      call('HSET', key, field, ARGV[2])
    end
    call('PEXPIRE', key, string.format('%.0f', math.min((floor(cost / limit) + 1) * period, MOST)))
    return math.max(0, limit - cost)
  end
  if before == 0 then
    call('HDEL', key, field)
  else
    call('HINCRBY', key, field, '-' .. ARGV[2])
  end

-- A fixed window is a number. ARGV: the cost, how long the window goes on, the highest sum, and the limit when it is another
-- number.
elseif kind == 'f' then
  local used = call('INCRBY', key, ARGV[2])
  local is_new, room = used - ARGV[2] == 0, ARGV[4] - used
  if room < 0 then
    if is_new then
      call('DEL', key)
    else
      call('DECRBY', key, ARGV[2])
    end
    return { 0, 1, ARGV[3] + 0 }
  end
  if is_new and ARGV[3] ~= '-1' then
    call('PEXPIRE', key, ARGV[3])
  end
  if used > MOST then
    call('INCRBY', key, string.format('%.0f', MOST - used))
  end
  return ARGV[5] and math.max(0, ARGV[5] - used) or room
end

-- So many counts of a window are kept one by one; when there are more, those of a sixtieth of it are one, and at so many they are
-- put together. A clock that goes back by more than SKEW takes all counts with it.
local EXACT, FULL, SKEW, HEAD, ITEM = 60, 128, 1000, 40, 16
local LIMIT = '<c1c1dddddd'
local pack, unpack_, max = struct.pack, struct.unpack, math.max
local questions, takes, now = ARGV, true, -1
if kind == 'b' then
  questions = { pack(LIMIT, 't', 'b', -1, ARGV[3], ARGV[5] and ARGV[3] - ARGV[5] or ARGV[2], ARGV[2], ARGV[4], 0) }
elseif kind ~= 's' then
  local verb, _, time = unpack_(LIMIT, ARGV[1])
  takes, now = verb == 't', time
end
local is_server_time = now < 0

local function clock()
  if now < 0 then
    local time = call('TIME')
    now = time[1] * 1000 + floor(time[2] / 1000)
  end
  return now
end

local function text(number)
  return string.format('%.0f', number)
end

-- The log of a window: for how long counts are kept, when the key expires, the sum, and the time and amount of the newest; behind
-- them the others, oldest first. What is known of the key is its quick sum and when it expires.
local function load_log(key, period, quick, ttl)
  local log = { key = key, keep = period, sum = 0, amount = 0, items = '' }
  local saved = ttl ~= -1 and call('HGET', key, 'log')
  if not saved or #saved < HEAD then
    log.now = clock()
    log.at = log.now
    return log
  end
  local keep, ends
  keep, ends, log.sum, log.at, log.amount = unpack_('<ddddd', saved)
  local from = HEAD + 1
  if is_server_time then
    if keep ~= period or not quick then
      quick = tonumber(call('HGET', key, text(keep)))
      log.stale = keep < period and text(keep)
    end
    ttl = ttl or call('PTTL', key)
    log.now = ttl >= 0 and ends - ttl or clock()
    if quick and quick ~= 0 and quick ~= log.sum then
      -- What was counted quickly belongs to the newest, as late as it can have been.
      log.amount, log.sum = log.amount + quick - log.sum, quick
      log.at = max(log.at, math.min(ends - keep - 1, log.now))
    end
  else
    log.now = now
  end
  log.keep, log.is_open = max(keep, period), true
  local ahead = log.at - log.now
  if ahead > SKEW then
    local shifted = { saved:sub(1, HEAD) }
    for at = from, #saved - ITEM + 1, ITEM do
      local time, amount = unpack_('<dd', saved, at)
      shifted[#shifted + 1] = pack('<dd', time - ahead, amount)
    end
    saved, log.at = table.concat(shifted), log.now
  elseif ahead > 0 then
    log.now = log.at
  end
  local dead = log.now - log.keep
  if log.at <= dead then
    log.sum, log.amount, log.at, log.is_open = 0, 0, log.now, false
    return log
  end
  while from < #saved do
    local time, amount = unpack_('<dd', saved, from)
    if time > dead then
      break
    end
    log.sum, from = log.sum - amount, from + ITEM
  end
  log.items = saved:sub(from)
  return log
end

local function used(log, period)
  if period >= log.keep then
    return log.sum
  end
  local sum, dead = 0, log.now - period
  for at = 1, #log.items, ITEM do
    local time, amount = unpack_('<dd', log.items, at)
    if time > dead then
      sum = sum + amount
    end
  end
  return log.at > dead and sum + log.amount or sum
end

-- In how long at most `most` will be counted in a period; 0: now.
local function log_wait(log, period, most)
  local sum = used(log, period)
  if sum <= most then
    return 0
  end
  local items = log.items .. pack('<dd', log.at, log.amount)
  for at = 1, #items, ITEM do
    local time, amount = unpack_('<dd', items, at)
    if time + period > log.now then
      sum = sum - amount
      if sum <= most then
        return time + period - log.now
      end
    end
  end
  return period
end

local function put_together(items, grain)
  local kept = {}
  for at = 1, #items, ITEM do
    local time, amount = unpack_('<dd', items, at)
    local last = kept[#kept]
    if last and floor(last[1] / grain) == floor(time / grain) then
      last[1], last[2] = time, last[2] + amount
    else
      kept[#kept + 1] = { time, amount }
    end
  end
  for i, item in ipairs(kept) do
    kept[i] = pack('<dd', item[1], item[2])
  end
  return table.concat(kept)
end

local function log_add(log, cost)
  local count = #log.items / ITEM + (log.is_open and 1 or 0)
  local grain = count >= EXACT and max(1, floor(log.keep / 60)) or 1
  if log.is_open and floor(log.at / grain) == floor(log.now / grain) then
    log.amount = log.amount + cost
  else
    if log.is_open then
      log.items = log.items .. pack('<dd', log.at, log.amount)
    end
    log.amount, log.is_open = cost, true
    if count + 1 >= FULL then
      log.items = put_together(log.items, grain)
    end
  end
  log.at, log.sum, log.is_changed = log.now, log.sum + cost, true
end

-- Until its edge counts may be quick: then another count begins, or the oldest one is to be forgotten.
local function log_save(log)
  local key, keep, sum = log.key, log.keep, log.sum
  local grain = #log.items / ITEM + 1 >= EXACT and max(1, floor(keep / 60)) or 1
  local edge = (floor(log.now / grain) + 1) * grain
  if #log.items > 0 then
    edge = math.min(edge, unpack_('<d', log.items) + keep)
  end
  local saved = pack('<ddddd', keep, edge + keep, sum, log.at, log.amount) .. log.items
  if log.stale then
    call('HDEL', key, log.stale)
  end
  if is_server_time and sum > 0 and sum < MOST then
    call('HSET', key, 'log', saved, text(keep), text(sum))
  else
    call('HDEL', key, text(keep))
    call('HSET', key, 'log', saved)
  end
  if is_server_time then
    call('PEXPIREAT', key, text(edge + keep))
  else
    call('PEXPIRE', key, text(edge + keep - now))
  end
end

if kind == 's' then
  if before == 0 and ttl ~= -1 then
    call('HDEL', key, ARGV[2])
  end
  local period, cost = ARGV[2] + 0, ARGV[3] + 0
  local log = load_log(key, period, before, ttl)
  local wait = log_wait(log, period, ARGV[4] - cost)
  if wait == 0 then
    log_add(log, cost)
    log_save(log)
    return max(0, (ARGV[5] or ARGV[4]) - used(log, period))
  elseif before ~= 0 then
    call('HINCRBY', key, ARGV[2], '-' .. ARGV[3])
  elseif ttl == -1 then
    call('DEL', key)
  end
  return { 0, 1, wait }
end

-- A bucket: what was taken since it was full, how long ago that was, and the limit that it was taken of. By the time of the
-- gateway, field `since` says when it was full.
local function load_bucket(key, limit, period)
  local fields, all = {}, call('HGETALL', key)
  for i = 1, #all, 2 do
    fields[all[i]] = all[i + 1]
  end
  local since = tonumber(fields.since)
  fields.since = nil
  local field, sum = next(fields)
  local of_limit, of_period = string.match(field or '', '^(%d+)/(%d+)$')
  of_limit, of_period, sum = tonumber(of_limit), tonumber(of_period), tonumber(sum)
  if of_limit and sum then
    local lasts = (floor(sum / max(1, of_limit)) + 1) * of_period
    since = is_server_time and lasts - call('PTTL', key) or now - (since or now)
    if since < 0 then
      -- The clock went back.
      since = 0
      if is_server_time then
        call('PEXPIRE', key, text(math.min(lasts, MOST)))
      else
        call('HSET', key, 'since', text(now))
      end
    end
    if sum - since * of_limit / of_period > 0 then
      return { key = key, sum = sum, since = since, limit = of_limit, period = of_period, field = field }
    end
  end
  return { key = key, sum = 0, since = 0, limit = limit, period = period, field = field }
end

local function taken(bucket)
  return max(0, bucket.sum - bucket.since * bucket.limit / bucket.period)
end

local function bucket_add(bucket, cost, limit, period)
  if bucket.limit ~= limit or bucket.period ~= period or limit == 0 then
    -- As much is taken of another limit, to the millisecond.
    local sum = math.ceil(taken(bucket))
    bucket.since = limit > 0 and floor((sum - taken(bucket)) * period / limit) or 0
    bucket.sum, bucket.limit, bucket.period = sum, limit, period
  end
  bucket.sum = math.min(bucket.sum + cost, MOST)
  if taken(bucket) <= 0 then
    bucket.sum, bucket.since = 0, 0
    call('DEL', bucket.key)
    return
  end
  local key, field = bucket.key, text(limit) .. '/' .. text(period)
  if bucket.field and bucket.field ~= field then
    call('DEL', key)
  end
  bucket.field = field
  call('HSET', key, field, text(bucket.sum))
  if not is_server_time then
    call('HSET', key, 'since', text(now - bucket.since))
  end
  local lasts = (floor(bucket.sum / max(1, limit)) + 1) * period
  call('PEXPIRE', key, text(math.min(lasts - bucket.since, MOST)))
end

local states, limits, exceeded, wait = {}, {}, nil, 0
for i, key in ipairs(KEYS) do
  local _, kind, _, limit, need, cost, period, left = unpack_(LIMIT, questions[i])
  limits[i] = { kind, limit, cost, period, left }
  local state, over = states[key], 0
  if kind == 's' then
    state = state or load_log(key, period)
    state.keep = max(state.keep, period)
    over = log_wait(state, period, limit - need)
  elseif kind == 'b' then
    state = state or load_bucket(key, limit, period)
    local surplus = taken(state) - (limit - need)
    if surplus > 1e-9 then
      over = limit > 0 and math.ceil(surplus * period / limit) or period
    end
  else
    state = state or { key = key, used = tonumber(call('GET', key) or '0') or 0 }
    if state.used > limit - need then
      over = left
    end
  end
  states[key] = state
  if over ~= 0 and takes then
    exceeded = exceeded or i
    wait = (over < 0 or wait < 0) and -1 or max(wait, over)
  end
end
if exceeded then
  return { 0, exceeded, wait }
end

local answer = { 1 }
for i, key in ipairs(KEYS) do
  local kind, limit, cost, period, left = unpack(limits[i])
  local state, sum = states[key], nil
  if kind == 's' then
    if cost ~= 0 then
      log_add(state, cost)
    end
    sum = used(state, period)
  elseif kind == 'b' then
    if cost ~= 0 then
      bucket_add(state, cost, limit, period)
    end
    sum = math.ceil(taken(state) - 1e-9)
  else
    if cost ~= 0 then
      local is_new = state.used == 0
      state.used = call('INCRBY', key, text(math.min(cost, MOST - state.used)))
      if is_new and left >= 0 then
        call('PEXPIRE', key, text(max(1, left)))
      end
    end
    sum = state.used
  end
  answer[i + 1] = max(0, limit - sum)
end
for _, state in pairs(states) do
  if state.items and state.is_changed then
    log_save(state)
  end
end
return #KEYS == 1 and answer[2] or answer
