-- include: test/_half.lua
local function quarter(n) return half(half(n)) end
