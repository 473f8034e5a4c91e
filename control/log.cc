#include "control/log.h"

#include <string_view>

#include <rte_log.h>
#include <sys/types.h>

namespace godwit {
namespace {

// DPDK writes a line at a time.
ssize_t write_line(void*, const char* text, size_t size) {
  std::string_view line(text, size);
  while (line.ends_with('\n')) line.remove_suffix(1);
  if (!line.empty()) fmt::print(stderr, "godwit: dpdk: {}\n", line);
  return static_cast<ssize_t>(size);
}

}  // namespace

void take_dpdk_log() {
  static std::FILE* const stream = fopencookie(
      nullptr, "w", {.read = nullptr, .write = write_line, .seek = nullptr, .close = nullptr});
  if (stream == nullptr) return;
  std::setvbuf(stream, nullptr, _IOLBF, BUFSIZ);
  rte_openlog_stream(stream);
}

}  // namespace godwit
