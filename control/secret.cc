#include "control/secret.h"

#include <cstdint>
#include <random>

namespace godwit {

HashSecret random_secret() {
  std::random_device source;
  const auto word = [&] { return uint64_t{source()} << 32 | source(); };
  return {word(), word()};
}

}  // namespace godwit
