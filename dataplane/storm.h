// Storm limits: how many frames of one port a worker floods. Flooded frames alone are counted,
// right before they are copied, so known traffic pays nothing; and everything that a frame tells
// has been learned by then, so no evidence is lost to a limit.
//
// One worker owns it.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "dataplane/drop.h"

#include "lib/address.h"
#include "lib/config.h"
#include "lib/token_bucket.h"
#include "lib/units.h"

namespace godwit {

class StormLimits {
 public:
  explicit StormLimits(const Config& config) {
    for (const PortConfig& port : config.ports) ports_.push_back(limits_of(port, config));
  }

  // What is used up of the limits that the port had is forgotten.
  void renew(PortIndex port, const Config& config) {
    ports_[port] = limits_of(config.ports[port], config);
  }

  // A frame to `dst` from `port` is to be flooded: the reason why not, if there is one.
  std::optional<Drop> refuse(PortIndex port, Mac dst, Nanos now) {
    OfPort& limits = ports_[port];
    if (dst.is_broadcast()) return refuse(limits.broadcast, Drop::kStormBroadcast, now);
    if (dst.is_group()) return refuse(limits.multicast, Drop::kStormMulticast, now);
    return refuse(limits.unknown, Drop::kStormUnknown, now);
  }

 private:
  struct OfPort {
    TokenBucket broadcast;
    TokenBucket multicast;
    TokenBucket unknown;
  };

  static OfPort limits_of(const PortConfig& port, const Config& config) {
    const uint64_t workers = std::min(port.queues, config.workers.count);  // that share its frames
    return {share(port.storm.broadcast, workers), share(port.storm.multicast, workers),
            share(port.storm.unknown_unicast, workers)};
  }
  // As many at once as a second brings.
  static TokenBucket share(Rate rate, uint64_t workers) {
    if (rate.per_second == 0) return {};
    const uint64_t per_second = std::max<uint64_t>(rate.per_second / workers, 1);
    return {per_second, static_cast<uint32_t>(per_second)};
  }
  static std::optional<Drop> refuse(TokenBucket& limit, Drop reason, Nanos now) {
    if (limit.take(now)) return std::nullopt;
    return reason;
  }

  std::vector<OfPort> ports_;
};

}  // namespace godwit
