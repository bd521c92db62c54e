-- Readers for wrk: each asks for a page drawn from a list, reads for a while, asks for the next.
-- Arguments after `--`: file of requests, mean pause in milliseconds (0: none), seed, word of one edition, word of the other.
-- A line of the file: method, TAB, path, TAB, headers "Name: value" parted by "|", TAB, body (may be empty).

local counter = 0
local threads = {}

function setup(thread)
  counter = counter + 1
  thread:set("number", counter)
  table.insert(threads, thread)
end

function init(args)
  mean = tonumber(args[2])
  math.randomseed(tonumber(args[3]) * 1000 + number)
  first, second = args[4], args[5]
  requests = {}
  for line in io.lines(args[1]) do
    local method, path, more, body = line:match("^([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)$")
    local headers = {}
    for name, value in more:gmatch("([^:|]+): ([^|]+)") do headers[name] = value end
    requests[#requests + 1] = wrk.format(method, path, headers, body ~= "" and body or nil)
  end
  statuses, of_first, of_second, mixed, neither, unlike = "", 0, 0, 0, 0, 0
  seen, example, named = {}, "", {}
  if mean == 0 then delay = nil end
  if first == nil then response = counted end
end

function request()
  return requests[math.random(#requests)]
end

-- Pauses as of people who come by themselves: most short, a few long.
function delay()
  return math.min(-mean * math.log(1 - math.random()), 10 * mean)
end

local function note(status)
  seen[status] = (seen[status] or 0) + 1
  local text = ""
  for code, count in pairs(seen) do text = text .. code .. "=" .. count .. " " end
  statuses = text
end

function counted(status, headers, body)
  note(status)
end

-- Which edition of the catalog an answer is of: by a word that stands in every title of one edition and in none of the
-- other, and by the header that names the generation.
function response(status, headers, body)
  note(status)
  if status ~= 200 then return end
  local one, other = body:find(first, 1, true), body:find(second, 1, true)
  local edition = nil
  if one and other then mixed = mixed + 1; example = body:sub(1, 200)
  elseif one then of_first = of_first + 1; edition = first
  elseif other then of_second = of_second + 1; edition = second
  else neither = neither + 1 end
  local generation = headers["X-Catalog-Generation"] or headers["x-catalog-generation"]
  if generation and edition then
    if named[generation] and named[generation] ~= edition then unlike = unlike + 1 end
    named[generation] = named[generation] or edition
  end
end

function done(summary, latency, requests)
  local function total(name)
    local sum = 0
    for _, thread in ipairs(threads) do sum = sum + (thread:get(name) or 0) end
    return sum
  end
  local codes = {}
  for _, thread in ipairs(threads) do
    for code, count in thread:get("statuses"):gmatch("(%d+)=(%d+)") do codes[code] = (codes[code] or 0) + count end
  end
  local parts = {}
  for code, count in pairs(codes) do parts[#parts + 1] = string.format('"%s": %d', code, count) end
  io.write(string.format(
    'RESULT {"requests": %d, "seconds": %.3f, "p50": %.3f, "p95": %.3f, "p99": %.3f, "longest": %.3f,'
    .. ' "connect": %d, "read": %d, "write": %d, "timeout": %d, "statuses": {%s},'
    .. ' "first": %d, "second": %d, "mixed": %d, "neither": %d, "unlike": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(95) / 1e3,
    latency:percentile(99) / 1e3, latency.max / 1e3, summary.errors.connect, summary.errors.read,
    summary.errors.write, summary.errors.timeout, table.concat(parts, ", "),
    total("of_first"), total("of_second"), total("mixed"), total("neither"), total("unlike")))
end
