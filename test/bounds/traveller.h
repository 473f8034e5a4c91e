// A VM that moves again and again, the traffic for it, and what became of every frame of that.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "test/bounds/world.h"

#include "lib/hints.h"

namespace godwit::bounds {

// How the network learns of a move.
enum class Sign : uint8_t {
  kGarpRequest,
  kGarpReply,
  kRarp,
  kArpGateway,
  kArpOther,
  kReplyGateway,
  kReplyOther,
  kNs,
  kNa,
  kData,
  kPrepared,   // the VM manager, then a frame of data
  kCommit,     // the VM manager alone: the VM says nothing
  kSuspend,    // the VM manager, who has its frames held meanwhile
  kLink,       // the link it left by goes down, and the VM says nothing
  kKeepalive,  // nothing at all
};
std::string_view to_string(Sign sign);

// What the moves of one kind cost, in sum.
struct Tally {
  unsigned moves = 0;
  uint64_t offered = 0;       // frames, after the sign
  uint64_t lost = 0;          // of these
  uint64_t misdelivered = 0;  // of these
  uint64_t doubled = 0;       // of all
  uint64_t reordered = 0;     // of all
  Nanos longest = 0;          // from the sign to the last frame that did not arrive
};

class Traveller {
 public:
  struct Plan {
    Sign sign = Sign::kData;
    bool v6 = false;
    bool answers = true;
    unsigned places = 3;  // servers it visits
    unsigned moves = 0;
    Nanos watched = 500 * kMillisecond;  // after the sign
    Nanos pause = 6 * kSecond;           // from one move to the next, at least; at most twice that
    Nanos interval = 2 * kMillisecond;   // of the frames for it
  };

  Traveller(World& world, Host& host, unsigned number, const Plan& plan, Tally& tally);

  // From `start` on. Returns when it is done.
  Nanos begin(Nanos start);

 private:
  struct Sent {
    Nanos at = 0;
    bool arrived = false;
    bool strayed = false;
  };

  void plan_move(Nanos when);
  void hello();
  void leave();
  void arrive(PortIndex to);
  void show(Sign sign);
  void hint(VmStep step, PortIndex to);
  void offer_until(Nanos end);
  void offer();
  void judge(Nanos sign_at);
  void received(uint64_t number);

  World& world_;
  Host& host_;
  unsigned number_;  // among the travellers
  Plan plan_;
  Tally& tally_;
  unsigned left_;
  uint32_t count_ = 0;             // of frames for it
  std::map<uint64_t, Sent> sent_;  // of the move under way
  uint64_t last_[2] = {0, 0};      // received, bridged and routed
  Nanos sign_at_ = 0;
};

}  // namespace godwit::bounds
