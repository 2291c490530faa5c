-- Decides about limits, all together. Times are milliseconds; a limit of n counters has n keys.
-- ARGV: for each key, packed: `t` (take) or `a` (add), its kind, the time (-1: that of the server), limit, need, cost, period,
-- and how long a fixed window goes on (-1: for ever).
-- Answers what is left of one limit; of several 1 and what is left of each; or 0, the first limit that is exceeded, and when to
-- come back (-1: never).

-- A sliding window is a string: a head, and the counts that are closed, oldest first, each a time and an amount.
-- The head: for how long counts are kept, their sum, the places of the first and behind the last closed count, the time
-- of the first, and the open count: its time and amount. With many counts those of a sixtieth of the window are one.
local LIMIT, LOG = '<c1c1dddddd', '<ddddddd'
-- A fixed window counts no further: numbers are exact up to here.
local MOST = 2 ^ 53
local call, pack, unpack_, floor = redis.call, struct.pack, struct.unpack, math.floor
local verb, kind, now, limit, need, cost, period, left = unpack_(LIMIT, ARGV[1])
local takes, key = verb == 't', KEYS[1]
if now < 0 and (#KEYS > 1 or kind ~= 'f') then
  local time = call('TIME')
  now = time[1] * 1000 + floor(time[2] / 1000)
end

local function count_fixed(key, takes, limit, need, cost, left)
  if cost == 0 then
    local used = tonumber(call('GET', key) or '0') or 0
    return used, takes and used > limit - need
  end
  -- Counted first, and taken back when it was too much: mostly it is not.
  local used = call('INCRBY', key, cost)
  local before = used - cost
  if takes and before > limit - need then
    if before == 0 then
      call('DEL', key)
    else
      call('INCRBY', key, -cost)
    end
    return before, true
  end
  if before == 0 and left >= 0 then
    call('PEXPIRE', key, math.max(1, left))
  end
  if used > MOST then
    call('INCRBY', key, MOST - used)
  end
  return used, false
end

-- One limit with nothing special about it, as most questions are: the same as below, without functions and tables.
if #KEYS == 1 then
  if kind == 's' then
    local text = call('GETRANGE', key, 0, 55)
    if #text == 56 then
      local keep, sum, head, n, first, at, amount = unpack_(LOG, text)
      local grain = n - head < 59 and 1 or math.max(1, floor(keep / 60))
      local is_plain = keep == period and at <= now and first + keep > now and cost ~= 0
      if is_plain and floor(at / grain) == floor(now / grain) and not (takes and sum > limit - need) then
        if head == n then
          first = now
        end
        call('SETRANGE', key, 0, pack(LOG, keep, sum + cost, head, n, first, now, amount + cost))
        -- It expires an eighth later than it must, so that this need not be said each time.
        if floor(8 * at / keep) ~= floor(8 * now / keep) then
          call('PEXPIRE', key, math.ceil(keep * 1.125))
        end
        return math.max(0, limit - sum - cost)
      end
    end
  elseif kind == 'b' then
    local text, taken = call('GET', key), 0
    if text and #text == 16 then
      local before, at = unpack_('<dd', text)
      taken = math.max(0, before - limit * math.max(0, now - at) / period)
    end
    local surplus = taken - (limit - need)
    if takes and surplus > 1e-9 then
      return { 0, 1, limit > 0 and math.ceil(surplus * period / limit) or period }
    end
    if cost ~= 0 then
      taken = math.max(0, taken + cost)
      local full = math.max(1, math.ceil(taken * period / math.max(limit, 1)))
      call('SET', key, pack('<dd', taken, now), 'PX', full)
    end
    return math.max(0, limit - math.ceil(taken - 1e-9))
  else
    local used, is_exceeded = count_fixed(key, takes, limit, need, cost, left)
    if is_exceeded then
      return { 0, 1, left }
    end
    return math.max(0, limit - used)
  end
end

local HEAD, ITEM, EXACT, FULL, SKEW = 56, 16, 60, 128, 1000

local function closed(log)
  local items = {}
  if log.head < log.n then
    local text = redis.call('GETRANGE', log.key, HEAD + log.head * ITEM, HEAD + log.n * ITEM - 1)
    for at = 1, #text - ITEM + 1, ITEM do
      local time, amount = struct.unpack('<dd', text, at)
      items[#items + 1] = { time, amount }
    end
  end
  return items
end

local function save(log)
  local head = struct.pack('<ddddddd', log.keep, log.sum, log.head, log.n, log.first, log.at, log.amount)
  redis.call('SETRANGE', log.key, 0, head)
  redis.call('PEXPIRE', log.key, math.ceil(log.keep * 1.125))
end

local function rewrite(log, items)
  log.head, log.n = 0, #items
  local out = { string.rep('\0', HEAD) }
  for i, item in ipairs(items) do
    out[i + 1] = struct.pack('<dd', item[1], item[2])
  end
  redis.call('SET', log.key, table.concat(out))
  log.first = items[1] and items[1][1] or log.at
  save(log)
end

local function load_log(key, period)
  local log = { key = key }
  local text = redis.call('GETRANGE', key, 0, HEAD - 1)
  if #text < HEAD then
    log.keep, log.sum, log.head, log.n, log.first, log.at, log.amount, log.open = period, 0, 0, 0, now, now, 0, 0
    return log
  end
  log.keep, log.sum, log.head, log.n, log.first, log.at, log.amount = struct.unpack('<ddddddd', text)
  log.open = 1
  log.keep = math.max(log.keep, period)
  if log.at - now > SKEW then
    -- The clock went back: all counts go back with it.
    local by, items = log.at - now, closed(log)
    for _, item in ipairs(items) do
      item[1] = item[1] - by
    end
    log.at = now
    rewrite(log, items)
  elseif log.at > now then
    now = log.at
  end
  if log.at + log.keep <= now then
    log.sum, log.head, log.n, log.first, log.at, log.amount, log.open = 0, 0, 0, now, now, 0, 0
  elseif log.head < log.n and log.first + log.keep <= now then
    log.first = log.at
    for _, item in ipairs(closed(log)) do
      if item[1] + log.keep > now then
        log.first = item[1]
        break
      end
      log.sum, log.head = log.sum - item[2], log.head + 1
    end
  end
  return log
end

local function used(log, period)
  if period >= log.keep then
    return log.sum
  end
  local sum = log.at + period > now and log.amount or 0
  for _, item in ipairs(closed(log)) do
    if item[1] + period > now then
      sum = sum + item[2]
    end
  end
  return sum
end

-- In how long at most `most` will be counted in a period; 0: now.
local function log_wait(log, period, most)
  local sum = used(log, period)
  if sum <= most then
    return 0
  end
  local items = closed(log)
  items[#items + 1] = { log.at, log.amount }
  for _, item in ipairs(items) do
    if item[1] + period > now then
      sum = sum - item[2]
      if sum <= most then
        return item[1] + period - now
      end
    end
  end
  return period
end

local function log_add(log, cost)
  local count = log.n - log.head + log.open
  local grain = 1
  if count >= EXACT then
    grain = math.max(1, math.floor(log.keep / 60))
  end
  if log.open == 1 and math.floor(log.at / grain) == math.floor(now / grain) then
    log.amount = log.amount + cost
  else
    if log.open == 1 then
      if log.head == log.n then
        log.first = log.at
      end
      redis.call('SETRANGE', log.key, HEAD + log.n * ITEM, struct.pack('<dd', log.at, log.amount))
      log.n = log.n + 1
    end
    log.amount, log.open = cost, 1
    if count + 1 >= FULL or log.n >= 4 * FULL then
      local kept = {}
      grain = count + 1 >= FULL and math.max(1, math.floor(log.keep / 60)) or 1
      for _, item in ipairs(closed(log)) do
        local last = kept[#kept]
        if last and math.floor(last[1] / grain) == math.floor(item[1] / grain) then
          last[1], last[2] = item[1], last[2] + item[2]
        else
          kept[#kept + 1] = item
        end
      end
      log.at = now
      rewrite(log, kept)
    end
  end
  log.at, log.sum = now, log.sum + cost
  if log.head == log.n then
    log.first = now
  end
  save(log)
end

local function load_bucket(key, limit, period)
  local text = redis.call('GET', key)
  local taken, at = 0, now
  if text and #text == ITEM then
    taken, at = struct.unpack('<dd', text)
  end
  return { key = key, taken = math.max(0, taken - limit * math.max(0, now - at) / period) }
end

local states, limits, exceeded, wait = {}, {}, nil, 0
for i, key in ipairs(KEYS) do
  local _, kind, _, limit, need, cost, period, left = unpack_(LIMIT, ARGV[i])
  limits[i] = { kind, limit, cost, period, left }
  local state, over = states[key], 0
  if kind == 's' then
    state = state or load_log(key, period)
    state.keep = math.max(state.keep, period)
    over = log_wait(state, period, limit - need)
  elseif kind == 'b' then
    state = state or load_bucket(key, limit, period)
    local surplus = state.taken - (limit - need)
    if surplus > 1e-9 then
      over = limit > 0 and math.ceil(surplus * period / limit) or period
    end
  else
    state = state or { key = key, used = tonumber(redis.call('GET', key) or '0') or 0 }
    if state.used > limit - need then
      over = left
    end
  end
  states[key] = state
  if over ~= 0 and takes then
    exceeded = exceeded or i
    wait = (over < 0 or wait < 0) and -1 or math.max(wait, over)
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
    state.taken = math.max(0, state.taken + cost)
    if cost ~= 0 then
      local full = math.max(1, math.ceil(state.taken * period / math.max(limit, 1)))
      redis.call('SET', key, struct.pack('<dd', state.taken, now), 'PX', full)
    end
    sum = math.ceil(state.taken - 1e-9)
  else
    if cost ~= 0 then
      local is_new = state.used == 0
      state.used = redis.call('INCRBY', key, string.format('%.0f', math.min(cost, MOST - state.used)))
      if is_new and left >= 0 then
        redis.call('PEXPIRE', key, math.max(1, left))
      end
    end
    sum = state.used
  end
  answer[i + 1] = math.max(0, limit - sum)
end
return answer
