// Precompiled: what so many sources include that a build would spend a fifth of its time on reading
// it again and again. It may hold no header of ours, and no source may rely on it: scripts/test
// lints the program without it (b_pch=false).
#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>
#include <immintrin.h>
