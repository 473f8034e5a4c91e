// Tables from a config in YAML, small enough to be made for every test.
#pragma once

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "dataplane/tables.h"

#include "lib/config_parse.h"
#include "lib/grace.h"
#include "lib/hash.h"

namespace godwit::test {

// Throws what is wrong with `yaml`.
inline Config small_config(std::string_view yaml) {
  constexpr uint64_t kLimit = 4096;  // entries
  ConfigResult result = parse_config(yaml);
  if (!result.ok()) throw std::invalid_argument(result.errors.front().text);
  result.config.fdb_limit = std::min(result.config.fdb_limit, kLimit);
  result.config.neighbors.limit = std::min(result.config.neighbors.limit, kLimit);
  return std::move(result.config);
}

// Grace periods that end when the test says so.
class ManualGrace final : public GracePeriod {
 public:
  uint64_t start() override { return ++started_; }
  bool elapsed(uint64_t token) override { return token <= over_; }
  void end_all() { over_ = started_; }

 private:
  uint64_t started_ = 0;
  uint64_t over_ = 0;
};

}  // namespace godwit::test
