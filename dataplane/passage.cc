#include "dataplane/passage.h"

#include <cassert>

namespace godwit {

// What only speakers have is read of them alone.
Passage::Passage(const Burst& burst, uint16_t i, const Arrived& came_in)
    : came(came_in),
      dst(burst.ethernet(i).dst),
      in_port(burst.in_port[i]),
      bridge(burst.bridge[i]),
      came_by(burst.came_by[i]),
      evidence(burst.evidence[i]),
      fate(burst.fate[i]),
      drop(burst.drop[i]),
      out(burst.out[i]),
      learned(burst.learned[i]),
      was_at(burst.was_at[i]),
      routed(burst.routed[i]) {
  if (evidence == Evidence::kData) return;
  assert(!burst.unwritten[i]);  // the frame is gone
  said = burst.said(i);
  mapped = burst.mapped[i];
  followed = burst.followed[i];
}

}  // namespace godwit
