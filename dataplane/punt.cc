#include "dataplane/punt.h"

#include <algorithm>

#include "dataplane/worker.h"

namespace godwit {

bool punt(Worker& worker, const Burst& burst, uint16_t i, PuntKind kind) {
  const std::span<const uint8_t> frame = burst.bytes(i);
  if (frame.size() > Punt::kMaxFrame || !worker.punt_rate.take(worker.now)) return false;
  Punt copy;
  copy.kind = kind;
  copy.bridge = burst.bridge[i];
  copy.port = burst.in_port[i];
  copy.length = static_cast<uint16_t>(frame.size());
  copy.at = worker.now;
  std::copy(frame.begin(), frame.end(), copy.octets.begin());
  return worker.punts.put(copy);
}

}  // namespace godwit
