#include "control/progress.h"

#include <algorithm>

#include <fmt/format.h>
#include <unistd.h>

namespace godwit {
namespace {

constexpr int kWidth = 40;

}  // namespace

Progress::Progress(std::FILE* stream)
    : stream_(stream), on_terminal_(isatty(fileno(stream)) == 1) {}

void Progress::show(double done) {
  const int percent = std::clamp(static_cast<int>(done * 100), 0, 100);
  if (!on_terminal_ || percent == shown_percent_) return;
  shown_percent_ = percent;
  const int filled = percent * kWidth / 100;
  fmt::print(stream_, "\r[{:#<{}}{: <{}}] {:3} %", "", filled, "", kWidth - filled, percent);
  std::fflush(stream_);
}

void Progress::clear() {
  if (shown_percent_ < 0) return;
  shown_percent_ = -1;
  fmt::print(stream_, "\r{: <{}}\r", "", kWidth + 8);
  std::fflush(stream_);
}

}  // namespace godwit
