-- Keeps which circuits are open, each for as long as it is, and answers with all of them.
-- KEYS: a hash. By circuit: until when it is open (milliseconds of the server), the opening, and the rule; and `version`, the
-- opening that was kept last. It expires with the last circuit.
-- ARGV: the version that the asker has seen, and of each opening its circuit, its number, its rule, and for how long.
-- Answers with the version, and of each circuit the same four; with the version alone when nothing is new.
local call, key, seen = redis.call, KEYS[1], ARGV[1]
local version = call('HGET', key, 'version') or '0'
if version == seen and #ARGV == 1 then
  return { version }
end
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local open, fields = {}, call('HGETALL', key)
for at = 1, #fields, 2 do
  local circuit = fields[at]
  if circuit ~= 'version' then
    local ends, id, rule = string.match(fields[at + 1], '^(%d+) (%d+) (.*)$')
    ends = tonumber(ends)
    if ends and ends > now then
      open[circuit] = { ends, id, rule }
    else
      call('HDEL', key, circuit)
    end
  end
end

for at = 2, #ARGV - 3, 4 do
  local circuit, id, rule, ends = ARGV[at], ARGV[at + 1], ARGV[at + 2], now + tonumber(ARGV[at + 3])
  local known = open[circuit]
  if ends > now and (not known or ends > known[1]) then
    open[circuit], version = { ends, id, rule }, id
    call('HSET', key, circuit, string.format('%.0f %s %s', ends, id, rule), 'version', id)
  end
end

local answer, last = { version }, now
for circuit, opening in pairs(open) do
  last = math.max(last, opening[1])
  local count = #answer
  answer[count + 1], answer[count + 2], answer[count + 3] = circuit, opening[2], opening[3]
  answer[count + 4] = opening[1] - now
end
if #answer == 1 then
  call('DEL', key)
  return { '0' }
end
if version == seen then
  return { version }
end
call('PEXPIRE', key, string.format('%.0f', last - now))
return answer
