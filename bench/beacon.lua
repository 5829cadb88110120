-- The load: beacons as Chrome sends them through a proxy, for about 200 tracks of zipf-like fame.
--
-- wrk ... -s beacon.lua URL -- SEED LISTENERS
-- LISTENERS 0: a listener nobody has seen before with every request; otherwise one of that many.

local TRACKS = 200 -- the same names as in bench/site.py
local DRAWS = 4096 -- the fame of the tracks is drawn from a table of this many
local CLIENTS = 5000 -- addresses the proxy speaks for
local SHARES = 0.03 -- of all events

local AGENTS = {
  [["Windows"
User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36
sec-ch-ua: "Chromium";v="140", "Not=A?Brand";v="24", "Google Chrome";v="140"
sec-ch-ua-mobile: ?0]],
  [["macOS"
User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36
sec-ch-ua: "Chromium";v="140", "Not=A?Brand";v="24", "Google Chrome";v="140"
sec-ch-ua-mobile: ?0]],
  [["Android"
User-Agent: Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36
sec-ch-ua: "Chromium";v="139", "Not=A?Brand";v="24", "Google Chrome";v="139"
sec-ch-ua-mobile: ?1]],
  [["Linux"
User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36
sec-ch-ua: "Chromium";v="138", "Not=A?Brand";v="24", "Google Chrome";v="138"
sec-ch-ua-mobile: ?0]],
}
local BEFORE = "Host: plays.band.example\r\nConnection: keep-alive\r\nsec-ch-ua-platform: "
local AFTER = table.concat({
  "", "Content-Type: text/plain;charset=UTF-8", "Accept: */*", "Origin: https://band.example",
  "Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: empty", "Referer: https://band.example/",
  "Accept-Encoding: gzip, deflate, br, zstd", "Accept-Language: en-US,en;q=0.9", "X-Forwarded-For: ",
}, "\r\n")

local random, format = math.random, string.format
local draws, heads, addresses, listeners = {}, {}, {}, {}
local threads = {}

local function uuid()
  return format("%08x-%04x-4%03x-8%03x-%06x%06x", random(0, 0x7fffffff), random(0, 0xffff), random(0, 0xfff),
    random(0, 0xfff), random(0, 0xffffff), random(0, 0xffffff))
end

local function draw_fame()
  local sum = 0
  for track = 1, TRACKS do sum = sum + 1 / track end
  local reached, track = 1, 1
  for draw = 1, DRAWS do
    while reached / sum < draw / DRAWS and track < TRACKS do
      track = track + 1
      reached = reached + 1 / track
    end
    draws[draw] = format("track-%03d", track)
  end
end

function setup(thread)
  table.insert(threads, thread)
  thread:set("number", #threads)
end

function init(args)
  math.randomseed(tonumber(args[1]) + 7919 * number)
  draw_fame()
  for i, agent in ipairs(AGENTS) do heads[i] = BEFORE .. agent:gsub("\n", "\r\n") .. AFTER end
  for i = 1, CLIENTS do addresses[i] = format("198.%d.%d.%d", random(18, 19), random(0, 255), random(1, 254)) end
  for i = 1, tonumber(args[2]) do listeners[i] = uuid() end
end

local function play()
  local listener = #listeners > 0 and listeners[random(#listeners)] or uuid()
  local luck = random()
  local bucket = luck < 0.35 and "partial" or luck < 0.6 and "sampled" or "complete"
  local via = random() < 0.05 and '","via":"link"}' or '"}'
  return "play", '{"trackEntryKey":"' .. draws[random(DRAWS)] .. '","bucket":"' .. bucket .. '","anonId":"'
    .. listener .. via
end

local function share()
  return "share", '{"targetType":"track","targetKey":"' .. draws[random(DRAWS)] .. '","channel":"link"}'
end

function request()
  local route, body
  if random() < SHARES then route, body = share() else route, body = play() end
  return "POST /api/event/" .. route .. " HTTP/1.1\r\n" .. heads[random(#heads)] .. addresses[random(CLIENTS)]
    .. "\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end

-- wrk calls a failure what is 400 and above.
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(format('RESULT {"requests":%d,"duration_us":%d,"refused":%d,"broken":%d,"p50_us":%d,"p99_us":%d,"max_us":%d}\n',
    summary.requests, summary.duration, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99), latency.max))
end
