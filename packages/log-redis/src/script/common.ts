/**
 * What every call of the script begins with, and the parts that its operations share. Redis runs a script as one step, so
 * that deciding, appending, trimming and telling cannot be seen apart.
 *
 * `KEYS[1]` is the log's prefix, whose `{...}` puts all keys of the log into one hash slot; the other keys are made of it:
 *
 * - `P:log`: hash of `run` (the server's run id), `epoch`, `epochs` (all that are known, oldest first) and `fed`
 * - `P:feed`: stream of what was appended, in the order of the log, for the nodes; its ids are `epoch-bytes fed so far`
 * - `P:due`: sorted set of channels by when the age of their oldest entry is looked at
 * - `P:c:CHANNEL`: hash of `end`, `floor`, `bytes`, `starts` (`epoch:start`, ...), `due`, `age`
 * - `P:s:CHANNEL`: stream of the entries that are kept, with ids `offset-0`
 * - `P:z:CHANNEL`: list of their payloads' sizes, so that a trim need not read the payloads
 * - `P:p:CHANNEL PRODUCER`: `sequence:offset ...` of what was accepted last, newest first; expires by itself
 *
 * `ARGV`: operation, an epoch to begin with if one has to begin, the epoch that the log must have at least, bytes of the
 * feed that are kept, and what the operation takes.
 */
export const commonSource = `
local call = redis.call
local prefix, operation = KEYS[1], ARGV[1]
local candidate, above, feedBytes = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local at = 5

local function text(number) return string.format('%.0f', number) end
local function take()
  at = at + 1
  return ARGV[at - 1]
end

local logKey, feedKey, dueKey = prefix .. ':log', prefix .. ':feed', prefix .. ':due'
local clock = call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local record = call('HMGET', logKey, 'run', 'epoch', 'epochs', 'fed')
local epoch, epochs, fed = tonumber(record[2] or '0'), record[3] or '', tonumber(record[4] or '0')
local fedBefore, begun = fed, false

-- Every record has the same fields in the same order: so Redis stores their names once.
local function tell(size, channel, offset, kind, key, publisher, data, floor)
  local before = fed
  fed = fed + size + 128
  local least = math.max(0, fed - feedBytes)
  call('XADD', feedKey, 'MINID', '~', text(epoch) .. '-' .. text(least), text(epoch) .. '-' .. text(fed),
    'b', text(before), 'c', channel, 'o', offset, 't', text(now), 'k', kind, 'y', key, 'u', publisher, 'd', data, 'f', floor)
end

-- The log may have lost what was appended last, or all: positions above what is left must not be met again.
local function begin()
  if begun then return end
  begun = true
  epoch = math.max(candidate, epoch + 1)
  epochs = epochs == '' and text(epoch) or epochs .. ' ' .. text(epoch)
  local _, count = string.gsub(epochs, ' ', ' ')
  if count >= 64 then epochs = string.gsub(epochs, '^%S+ ', '') end
  call('HSET', logKey, 'run', record[1], 'epoch', text(epoch), 'epochs', epochs)
  tell(0, '', '', '', '', '', '', '')
end

local run = string.match(call('INFO', 'server'), 'run_id:(%w+)')
local hasChanged = record[1] ~= run
record[1] = run
if hasChanged or epoch < above then begin() end

local function save(channel)
  call('HSET', prefix .. ':c:' .. channel.name, 'end', text(channel.last), 'floor', text(channel.floor),
    'bytes', text(channel.bytes), 'starts', channel.starts, 'due', text(channel.due), 'age', text(channel.age))
end

-- The stream and what is known of it disagree: somebody deleted one of them. What is left of it is not to be relied on.
local function repair(channel, exists)
  local newest = exists and call('XREVRANGE', channel.stream, '+', '-', 'COUNT', 1)[1]
  if newest then channel.last = math.max(channel.last, tonumber(string.match(newest[1], '^%d+'))) end
  begin()
  channel.floor, channel.bytes, channel.due = channel.last, 0, 0
  call('DEL', channel.sizes)
  if exists then call('XTRIM', channel.stream, 'MAXLEN', 0) end
  tell(#channel.name, channel.name, '', '', '', '', '', text(channel.floor))
  save(channel)
end

local function load(name)
  local known = call('HMGET', prefix .. ':c:' .. name, 'end', 'floor', 'bytes', 'starts', 'due', 'age')
  local channel = {
    name = name, stream = prefix .. ':s:' .. name, sizes = prefix .. ':z:' .. name,
    last = tonumber(known[1] or '0'), floor = tonumber(known[2] or '0'), bytes = tonumber(known[3] or '0'),
    starts = known[4] or '', due = tonumber(known[5] or '0'), age = tonumber(known[6] or '-1'),
  }
  local exists = call('EXISTS', channel.stream) == 1
  if (exists and not known[1]) or (channel.last > channel.floor and not exists) then repair(channel, exists) end
  return channel
end

local function drop(channel, count)
  local sizes = call('LPOP', channel.sizes, count)
  for _, size in ipairs(sizes or {}) do channel.bytes = channel.bytes - size end
  channel.floor = channel.floor + count
end

-- Drops the oldest entries that must go; -1 stands for no bound. In steps, so that no call holds the server up.
local function trim(channel, count, bytes)
  local before, left = channel.floor, 4096
  if count >= 0 and channel.last - channel.floor > count then
    local surplus = math.min(left, channel.last - channel.floor - count)
    drop(channel, surplus)
    left = left - surplus
  end
  while bytes >= 0 and left > 0 and channel.bytes > bytes and channel.last - channel.floor > 1 do
    drop(channel, 1)
    left = left - 1
  end
  if channel.age >= 0 and channel.due > 0 and now >= channel.due then
    local oldest
    repeat
      oldest = nil
      for _, entry in ipairs(call('XRANGE', channel.stream, text(channel.floor + 1), '+', 'COUNT', 16)) do
        local time
        for field = 1, #entry[2], 2 do if entry[2][field] == 'time' then time = tonumber(entry[2][field + 1]) end end
        oldest = (time or now)
        if oldest + channel.age > now or left <= 0 then break end
        drop(channel, 1)
        left = left - 1
        oldest = nil
      end
    until oldest or channel.floor >= channel.last
    channel.due = oldest and oldest + channel.age or 0
    if channel.due > 0 then call('ZADD', dueKey, text(channel.due), channel.name) else call('ZREM', dueKey, channel.name) end
  end
  if channel.floor == before then return false end
  call('XTRIM', channel.stream, 'MINID', text(channel.floor + 1))
  return true
end

local function answer(results)
  if fed ~= fedBefore then call('HSET', logKey, 'fed', text(fed)) end
  return { text(epoch), epochs, text(fed), results }
end
`;
