-- Sends requests from files, one after the other and repeatedly, so that creating them costs little.
--
-- Arguments: the first issue time, in seconds since 1970, the number of threads, then the files. Each holds a whole
-- request as it goes over the wire. Each thread sends its share of them, so that the issues of a job come in order. The placeholder below, if a request has it, becomes an issue time that no other request of this run has.

local PLACEHOLDER = "0000-00-00T00:00:00.000Z"
local SECONDS_A_THREAD = 1800

local threads = 0

function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end

local requests = {}
local second, millisecond, time_to_the_second
local next_request = 0

local function read(name)
    local file = assert(io.open(name, "rb"))
    local text = file:read("*a")
    file:close()
    local first, last = text:find(PLACEHOLDER, 1, true)
    if first == nil then
        return { whole = text }
    end
    return { before = text:sub(1, first - 1), behind = text:sub(last + 1) }
end

function init(arguments)
    second = tonumber(arguments[1]) + number * SECONDS_A_THREAD - 1
    millisecond = 999
    local threads, files = tonumber(arguments[2]), #arguments - 2
    for place = 1, files do
        if files < threads or place % threads == number then
            requests[#requests + 1] = read(arguments[place + 2])
        end
    end
end

local function issue_time()
    millisecond = millisecond + 1
    if millisecond > 999 then
        millisecond = 0
        second = second + 1
        time_to_the_second = os.date("!%Y-%m-%dT%H:%M:%S.", second)
    end
    return time_to_the_second .. string.format("%03dZ", millisecond)
end

function request()
    local chosen = requests[next_request % #requests + 1]
    next_request = next_request + 1
    return chosen.whole or chosen.before .. issue_time() .. chosen.behind
end
