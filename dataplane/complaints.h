// How many complaints one worker may post to control: of frames that are not as they should be,
// which whoever attacks sends at will. Each port has a limit of its own, so that one that floods
// leaves the others their say, and there is one for all ports, which bounds the work of control.
//
// Disputes and notices are counted apart. A dispute is about a known host, and control defends it;
// a notice is only told. So a flood of new sources beyond a limit hides no theft by the same port.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataplane/events.h"

#include "lib/token_bucket.h"
#include "lib/units.h"

namespace godwit {

class Complaints {
 public:
  // A second, and as many at once.
  static constexpr uint32_t kDisputesOfPort = 1'000;
  static constexpr uint32_t kDisputes = 10'000;
  static constexpr uint32_t kNoticesOfPort = 100;
  static constexpr uint32_t kNotices = 1'000;

  explicit Complaints(size_t ports)
      : all_{{kDisputes, kDisputes}, {kNotices, kNotices}},
        ports_(ports, {{kDisputesOfPort, kDisputesOfPort}, {kNoticesOfPort, kNoticesOfPort}}) {}

  // Whether one more may be posted, about a frame that came in by `port`.
  bool take(EventKind kind, PortIndex port, Nanos now) {
    TokenBucket& of_port = is_notice(kind) ? ports_[port].notices : ports_[port].disputes;
    TokenBucket& of_all = is_notice(kind) ? all_.notices : all_.disputes;
    return of_port.has_one(now) && of_all.take(now) && of_port.take(now);
  }

 private:
  struct Limits {
    TokenBucket disputes;
    TokenBucket notices;
  };

  static constexpr bool is_notice(EventKind kind) {
    return kind == EventKind::kLearnLimit || kind == EventKind::kPortQuota ||
           kind == EventKind::kNeighborLimit || kind == EventKind::kStorm ||
           kind == EventKind::kRogueDhcp || kind == EventKind::kInspected ||
           kind == EventKind::kSourceGuard;
  }

  Limits all_;
  std::vector<Limits> ports_;
};

}  // namespace godwit
