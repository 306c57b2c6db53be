-- Grants a lease and settles the one before.
-- KEYS: the penalty, then one sorted set per limit. In a set: member "<lease>:<tokens>", score = when it leaves the
-- window in µs; member "#", score = minus the tokens in the window: a set is whole or gone, never half evicted.
-- ARGV: lease, tokens wanted, tokens needed, lease in µs, the settled lease's member or "", its tokens, tokens spent
-- of it, µs since its last use, then count and window in µs of each limit.
-- Gives: tokens, µs to wait, remaining, the tightest limit's count, reset in µs.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local wanted, needed, ttl = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local settled, held, spent, age = ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local function text(number) return string.format('%.0f', number) end
local used, room, tightest = {}, math.huge, 2
for i = 2, #KEYS do
  local limit, window = tonumber(ARGV[2 * i + 5]), tonumber(ARGV[2 * i + 6])
  local total = -tonumber(redis.call('ZSCORE', KEYS[i], '#') or 0)
  local left = redis.call('ZRANGE', KEYS[i], '(0', text(now), 'BYSCORE')
  for _, member in ipairs(left) do total = total - tonumber(string.match(member, ':(%d+)$')) end
  if #left > 0 then redis.call('ZREMRANGEBYSCORE', KEYS[i], '(0', text(now)) end
  if settled ~= '' and redis.call('ZREM', KEYS[i], settled) == 1 then
    total = total - held + spent
    if spent > 0 then
      local leaves = now - age + window
      if limit > 1000 then  -- merged into at most 250 entries, each leaving a little later than it could
        local grain = window / 250
        leaves = math.ceil(math.ceil(leaves / grain) * grain)
        local known = redis.call('ZRANGE', KEYS[i], text(leaves), text(leaves), 'BYSCORE')
        local sum = spent
        for _, member in ipairs(known) do
          sum = sum + tonumber(string.match(member, ':(%d+)$'))
          redis.call('ZREM', KEYS[i], member)
        end
        redis.call('ZADD', KEYS[i], text(leaves), text(leaves) .. ':' .. text(sum))
      else
        redis.call('ZADD', KEYS[i], text(leaves), settled .. ':' .. text(spent))
      end
    end
  end
  used[i] = total
  if limit - total < room then room, tightest = limit - total, i end
end
local wait = math.max(0, redis.call('PTTL', KEYS[1]) * 1000)
local grant = 0
if wait == 0 and room >= 1 then
  grant = math.min(room, math.max(needed, math.min(wanted, math.floor(room / 2))))
end
local reset = 0
for i = 2, #KEYS do
  local limit, window = tonumber(ARGV[2 * i + 5]), tonumber(ARGV[2 * i + 6])
  if grant > 0 then
    local added = redis.call('ZADD', KEYS[i], text(now + ttl + window), ARGV[1] .. ':' .. text(grant))
    used[i] = used[i] + grant * added  -- 0 when the client library sends the same lease again
  elseif used[i] >= limit then
    local first = redis.call('ZRANGE', KEYS[i], '(0', '+inf', 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
    if first[2] then wait = math.max(wait, tonumber(first[2]) - now) end
    if limit >= 1000 then wait = math.max(wait, math.min(window / 200, 10000)) end
  end
  redis.call('ZADD', KEYS[i], text(-used[i]), '#')
  redis.call('PEXPIRE', KEYS[i], text(math.ceil((window + ttl) / 1000) + 1000))
  if i == tightest then
    local last = redis.call('ZRANGE', KEYS[i], 0, 0, 'REV', 'WITHSCORES')
    reset = math.max(0, tonumber(last[2]) - now)
  end
end
return {grant, math.ceil(wait), math.max(0, room - grant), tonumber(ARGV[2 * tightest + 5]), math.ceil(reset)}
