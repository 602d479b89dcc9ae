/**
 * `append`: the number of channels, and for each its name, `retainCount`, `retainBytes`, `retainAgeMs`, `deduplicateMs`
 * (-1 for no bound), the number of appends, and for each producer, sequence, previous, kind, key, publisher, payload.
 * Answers for each append, by its first letter: `a` accepted at an offset, `d` a duplicate of one (0: no longer known), `o`
 * out of order with the last sequence, `u` producer unknown, `x` that the stream refused it, and why.
 */
export const appendSource = `
local function append(results)
  local name = take()
  local count, bytes, age, window = tonumber(take()), tonumber(take()), tonumber(take()), tonumber(take())
  local channel, states, changed, accepted, sizes = load(name), {}, {}, {}, {}
  local before = channel.last
  for _ = 1, tonumber(take()) do
    local producer, sequence, previous, first = ARGV[at], ARGV[at + 1], ARGV[at + 2], at + 3
    at = at + 7
    local state, last = false, nil
    if producer ~= '' then
      state = states[producer]
      if state == nil then
        state = call('GET', prefix .. ':p:' .. name .. ' ' .. producer)
        states[producer] = state
      end
      last = state and tonumber(string.match(state, '^%d+'))
    end
    if producer ~= '' and not state and previous ~= '0' then
      results[#results + 1] = 'u'
    elseif state and tonumber(sequence) <= last then
      results[#results + 1] = 'd' .. (string.match(' ' .. state, ' ' .. sequence .. ':(%d+)') or '0')
    elseif state and tonumber(previous) ~= last then
      results[#results + 1] = 'o' .. text(last)
    else
      local offset, refused = text(channel.last + 1), nil
      if count ~= 0 then
        local added = redis.pcall('XADD', channel.stream, offset .. '-0', 'data', ARGV[first + 3], 'kind', ARGV[first],
          'key', ARGV[first + 1], 'publisher', ARGV[first + 2], 'time', text(now), 'producer', producer, 'sequence', sequence)
        refused = type(added) == 'table' and added.err
      end
      if refused then
        results[#results + 1] = 'x' .. refused
      else
        channel.last = channel.last + 1
        if count ~= 0 then
          channel.bytes = channel.bytes + #ARGV[first + 3]
          sizes[#sizes + 1] = #ARGV[first + 3]
        end
        accepted[#accepted + 1] = first
        if producer ~= '' then
          state = sequence .. ':' .. offset .. (state and ' ' .. state or '')
          if #state > 400 then state = string.match(string.sub(state, 1, 400), '^(.*) ') end
          states[producer], changed[producer] = state, true
        end
        results[#results + 1] = 'a' .. offset
      end
    end
  end
  if #accepted == 0 then return end
  for producer in pairs(changed) do
    local key = prefix .. ':p:' .. name .. ' ' .. producer
    if window < 0 then call('SET', key, states[producer])
    elseif window > 0 then call('SET', key, states[producer], 'PX', text(window)) end
  end
  if not string.find(' ' .. channel.starts, ' ' .. text(epoch) .. ':', 1, true) then
    channel.starts = (channel.starts == '' and '' or channel.starts .. ' ') .. text(epoch) .. ':' .. text(before)
    if #channel.starts > 2048 then channel.starts = string.gsub(channel.starts, '^%S+ ', '') end
  end
  channel.age = age
  if count == 0 then
    if before == channel.floor then channel.floor = channel.last else trim(channel, 0, -1) end
  else
    call('RPUSH', channel.sizes, unpack(sizes))
    if age >= 0 and channel.due == 0 then
      channel.due = now + age
      call('ZADD', dueKey, text(channel.due), name)
    end
    trim(channel, count, bytes)
  end
  save(channel)
  local offset, floor = before, text(channel.floor)
  for _, first in ipairs(accepted) do
    offset = offset + 1
    tell(#name + #ARGV[first + 3], name, text(offset), ARGV[first], ARGV[first + 1], ARGV[first + 2], ARGV[first + 3], floor)
  end
end
`;
