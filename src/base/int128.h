// A 128-bit integer: the unscaled value of a DECIMAL(38, s).
#pragma once

namespace lagoa {

__extension__ typedef __int128 Int128;

}  // namespace lagoa
