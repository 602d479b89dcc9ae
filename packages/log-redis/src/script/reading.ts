/**
 * `heads`: channel names. Answers `end`, `floor`, `starts` for each.
 *
 * `read`: channel, `forward` or `backward`, the offset to read above or through, how many entries, how many bytes. Answers
 * `end`, `floor`, `starts`, the offset that was begun at, 1 if more may follow, and the entries as XRANGE gives them.
 *
 * `sweep`: how many channels at most. Trims by age what nobody appends to. Answers how many it looked at.
 */
export const readingSource = `
local function head(results, channel)
  results[#results + 1] = text(channel.last)
  results[#results + 1] = text(channel.floor)
  results[#results + 1] = channel.starts
end

local function read(results)
  local channel, isForward, limit = load(take()), take() == 'forward', tonumber(take())
  local count, bytes = tonumber(take()), tonumber(take())
  local start = isForward and math.max(limit, channel.floor) or math.max(math.min(limit, channel.last), channel.floor)
  local entries, cursor, total, isDone = {}, start, 0, false
  while not isDone and (isForward and cursor < channel.last or not isForward and cursor > channel.floor) do
    local step = math.min(64, count - #entries)
    local some
    if isForward then some = call('XRANGE', channel.stream, text(cursor + 1), '+', 'COUNT', step)
    else some = call('XREVRANGE', channel.stream, text(cursor), text(channel.floor + 1), 'COUNT', step) end
    if isForward and #entries == 0 and (not some[1] or some[1][1] ~= text(start + 1) .. '-0') then
      -- Somebody trimmed the stream by another hand.
      begin()
      channel.floor = some[1] and tonumber(string.match(some[1][1], '^%d+')) - 1 or channel.last
      start = math.max(start, channel.floor)
      tell(#channel.name, channel.name, '', '', '', '', '', text(channel.floor))
      save(channel)
    end
    for _, entry in ipairs(some) do
      if not isDone then
        entries[#entries + 1] = entry
        cursor = tonumber(string.match(entry[1], '^%d+'))
        if not isForward then cursor = cursor - 1 end
        for field = 1, #entry[2], 2 do if entry[2][field] == 'data' then total = total + #entry[2][field + 1] end end
        isDone = total >= bytes or #entries >= count
      end
    end
    if #some < step then isDone = true end
    if #some == 0 then cursor = isForward and channel.last or channel.floor end
  end
  local more = isForward and cursor < channel.last or not isForward and cursor > channel.floor
  head(results, channel)
  results[#results + 1] = text(start)
  results[#results + 1] = more and '1' or '0'
  results[#results + 1] = entries
end

local function sweep(results)
  local names = call('ZRANGEBYSCORE', dueKey, '-inf', text(now), 'LIMIT', 0, tonumber(take()))
  for _, name in ipairs(names) do
    local channel = load(name)
    if channel.due == 0 then call('ZREM', dueKey, name)
    elseif channel.due > now then call('ZADD', dueKey, text(channel.due), name)
    else
      if trim(channel, -1, -1) then tell(#name, name, '', '', '', '', '', text(channel.floor)) end
      save(channel)
    end
  end
  results[1] = text(#names)
end
`;
