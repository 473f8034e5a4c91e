// What control tells a worker: frames of godwit's own to send, what becomes of frames that wait,
// and that a port or a bridge is another than it was. Only workers send, so that a port's queue has
// one writer.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "dataplane/dhcp_event.h"
#include "dataplane/element_ring.h"
#include "dataplane/events.h"
#include "dataplane/punt.h"

#include "lib/address.h"
#include "lib/units.h"

namespace godwit {

enum class OrderKind : uint8_t {
  kSend,     // `octets` in `bridge`: to port `to`, or, if that is kNoLocation, to all but `except`
  kGiveUp,   // `ip` in `bridge` does not answer: drop what waits for it, and tell the senders
  kRefuse,   // there is no room to ask for it: drop what waits
  kUnpark,   // `host` may stand still no longer: send what waits for it
  kDiscard,  // port `to` has left `bridge`, or there is no such port (without a bridge), or bridge:
             // drop what came by it, or goes into it, and waits
  kLimits,   // those of port `to` are others in the config
};

struct Order {
  // The longest frame that control makes: a FORGET that names many addresses.
  static constexpr size_t kMaxFrame = 352;

  OrderKind kind = OrderKind::kSend;
  BridgeIndex bridge = kNoBridge;
  Location to = kNoLocation;
  Location except = kNoLocation;
  bool trusted_only = false;  // of all, only those that lead to other switches
  uint16_t length = 0;
  std::array<uint8_t, kMaxFrame> octets{};  // without a VLAN tag
  IpAddress ip;
  uint64_t host = 0;  // a key in the FDB

  std::span<const uint8_t> frame() const { return {octets.data(), length}; }
};

// The two ways between control and one worker.
struct Channel {
  // `name` is unique in the process; room for `events` on the way to control, a power of two.
  Channel(const char* name, unsigned event_count)
      : events(name, event_count),
        punts((std::string(name) + "-punts").c_str(), kPunts),
        leases((std::string(name) + "-leases").c_str(), kLeases),
        orders((std::string(name) + "-orders").c_str(), kOrders) {}

  EventRing events;
  ElementRing<Punt> punts;
  ElementRing<DhcpEvent> leases;  // to control, of bridges that snoop DHCP
  ElementRing<Order> orders;

 private:
  static constexpr unsigned kOrders = 1U << 12;
  static constexpr unsigned kLeases = 1U << 9;
};

}  // namespace godwit
