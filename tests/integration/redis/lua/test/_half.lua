local function half(n) return math.floor(n / 2) end
