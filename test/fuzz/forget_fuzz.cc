// Any octets at all as a FORGET, whose tag is taken for right: what is not checked by cryptography
// must be checked by the parser. The octets are also the numbers that a replay window hears.
#include <algorithm>
#include <array>
#include <cstdlib>

#include "lib/byte_order.h"
#include "lib/forget.h"
#include "lib/replay_window.h"

namespace godwit {
namespace {

void require(bool promise) {
  if (!promise) std::abort();
}

// What was read, written again, is what was read.
void check_message(std::span<const uint8_t> octets) {
  const auto sealed = split_forget(octets);
  if (!sealed) return;
  require(sealed->text.data() == octets.data());
  require(sealed->text.size() + kForgetTagSize <= octets.size());
  require(sealed->tag.data() == octets.data() + sealed->text.size());
  const auto forget = decode_forget(sealed->text);
  if (!forget) return;
  require(forget->mac.is_station() && forget->ip_count <= kForgetMaxIps);
  require(!to_string(forget->reason).empty());
  std::array<uint8_t, kForgetMaxSize> again;
  const auto same_tag = [&](std::span<const uint8_t>) {
    ForgetTag tag;
    std::copy(sealed->tag.begin(), sealed->tag.end(), tag.begin());
    return tag;
  };
  const size_t length = encode_forget(again, *forget, same_tag);
  require(length == sealed->text.size() + kForgetTagSize);
  require(std::equal(again.begin(), again.begin() + length, octets.begin()));
}

// No number passes twice, and none that is far behind the newest.
void check_window(std::span<const uint8_t> octets) {
  ReplayWindow window;
  uint64_t newest = 0;
  for (; octets.size() >= 8; octets = octets.subspan(8)) {
    const uint64_t sequence = load_be64(octets.data());
    const Freshness first = window.hear(sequence);
    require(first != Freshness::kFresh || window.hear(sequence) == Freshness::kReplayed);
    newest = std::max(newest, sequence);
    const bool is_far = newest - sequence >= ReplayWindow::kSize;
    require(is_far == (window.hear(sequence) == Freshness::kStale));
  }
}

}  // namespace
}  // namespace godwit

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer looks for this name.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  godwit::check_message({data, size});
  godwit::check_window({data, size});
  return 0;
}
