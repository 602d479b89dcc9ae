/**
 * Streams that others write, of which only a record is kept: `P:c:CHANNEL` with `end`, `added` and `starts`.
 *
 * `bound-read`: channel, stream, `forward` or `backward`, the id to read from (with it; `-` or `+` for all), how many, how
 * many bytes. Answers as `read` does, with the ids of the stream, and with an empty offset where `read` has the one that was
 * begun at.
 *
 * `bound-append`: channel, stream, field, `deduplicateMs`, how many, and for each producer, sequence, previous, payload.
 * Answers as `append` does.
 */
export const boundSource = `
local function offsetOf(id)
  local ms, number = string.match(id, '^(%d+)-(%d+)$')
  return math.min(tonumber(ms) - 1704067200000, 1099511627775) * 8192 + math.min(tonumber(number), 8191)
end

local function loadBound(name, stream)
  local key = prefix .. ':c:' .. name
  local known = call('HMGET', key, 'end', 'added', 'starts')
  local before, starts = tonumber(known[1] or '0'), known[3] or ''
  local facts = {}
  local info = redis.pcall('XINFO', 'STREAM', stream)
  if not info.err then for field = 1, #info, 2 do facts[info[field]] = info[field + 1] end
  elseif not string.find(info.err, 'no such key') then error(info.err) end
  local last = math.max(0, offsetOf(facts['last-generated-id'] or '0-0'))
  local added, length = facts['entries-added'] or 0, facts['length'] or 0
  -- Another stream under the same name, or one that went back: no position in it means what it did.
  if known[1] and (last < before or added < tonumber(known[2] or '0')) then
    begin()
    starts, before = '', 0
  end
  if not string.find(' ' .. starts, ' ' .. text(epoch) .. ':', 1, true) then
    -- Others appended without saying in which epoch: what was seen of the epoch before it was of that one.
    starts = (starts == '' and '' or starts .. ' ') .. text(epoch) .. ':' .. text(math.min(before, last))
    if #starts > 2048 then starts = string.gsub(starts, '^%S+ ', '') end
  end
  if known[3] ~= starts or last ~= before or not known[1] then
    call('HSET', key, 'end', text(last), 'added', text(added), 'starts', starts)
  end
  local first = facts['first-entry']
  local floor = length == added and 0 or first and math.max(0, offsetOf(first[1]) - 1) or last
  return { last = last, floor = math.min(floor, last), starts = starts, stream = stream }
end

local function readBound(results)
  local name, stream, isForward, id = take(), take(), take() == 'forward', take()
  local count, bytes = tonumber(take()), tonumber(take())
  local channel, entries, total, more = loadBound(name, stream), {}, 0, false
  if count > 0 then
    local some
    if isForward then some = call('XRANGE', stream, id, '+', 'COUNT', count + 1)
    else some = call('XREVRANGE', stream, id, '-', 'COUNT', count + 1) end
    for _, entry in ipairs(some) do
      if #entries >= count or total >= bytes then
        more = true
        break
      end
      entries[#entries + 1] = entry
      for _, value in ipairs(entry[2]) do total = total + #value end
    end
  end
  head(results, channel)
  results[#results + 1] = ''
  results[#results + 1] = more and '1' or '0'
  results[#results + 1] = entries
end

local function appendBound(results)
  local name, stream, field, window = take(), take(), take(), tonumber(take())
  loadBound(name, stream)
  for _ = 1, tonumber(take()) do
    local producer, sequence, previous, data = take(), take(), take(), take()
    local key = prefix .. ':p:' .. name .. ' ' .. producer
    local state = producer ~= '' and call('GET', key)
    local last = state and tonumber(string.match(state, '^%d+'))
    if producer ~= '' and not state and previous ~= '0' then results[#results + 1] = 'u'
    elseif state and tonumber(sequence) <= last then
      results[#results + 1] = 'd' .. (string.match(' ' .. state, ' ' .. sequence .. ':(%d+)') or '0')
    elseif state and tonumber(previous) ~= last then results[#results + 1] = 'o' .. text(last)
    else
      local id = redis.pcall('XADD', stream, '*', field, data)
      if type(id) == 'table' then results[#results + 1] = 'x' .. id.err
      else
        local offset = text(offsetOf(id))
        if producer ~= '' then
          state = sequence .. ':' .. offset .. (state and ' ' .. state or '')
          if #state > 400 then state = string.match(string.sub(state, 1, 400), '^(.*) ') end
          if window < 0 then call('SET', key, state) elseif window > 0 then call('SET', key, state, 'PX', text(window)) end
        end
        results[#results + 1] = 'a' .. offset
      end
    end
  end
  loadBound(name, stream)
end
`;
