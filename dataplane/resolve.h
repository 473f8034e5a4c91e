// Reads every ARP, RARP and ND frame, also those in transit between others: keeps the neighbor
// table, and follows an untagged RARP in every bridge of its port.
#pragma once

#include <cstdint>

namespace godwit {

struct Burst;
class Worker;

void resolve(Worker& worker, Burst& burst);

// What became of the mapping that a frame claimed. In the burst it is kept for --explain.
enum class Mapped : uint8_t {
  kNothing,        // the frame claims none
  kSame,           // as known
  kConfirmed,      // as known, and that had been in doubt
  kNew,            // a new entry
  kTakenOver,      // it was another MAC's, which is gone
  kConflict,       // it stays another MAC's
  kForeignSender,  // claimed for a MAC that is not the frame's source, on a port that is not
                   // trusted
  kOffLink,        // not on a subnet of this bridge's gateway
  kGatewayIp,      // a gateway's own address
  kOverheard,      // neighbors.learn is off, and the frame was for somebody else
  kLimit,          // the table, or the port's share, is full
};

// Bridges beyond the frame's own in which a worker follows one RARP; control follows the rest.
inline constexpr unsigned kRarpBridges = 64;

}  // namespace godwit
