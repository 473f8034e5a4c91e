// godwit's own idea of a port: frames in, frames out. Ethdev and vhost devices, and the arrays of
// replay and of programs that embed godwit, are implementations; the pipeline knows only this.
#pragma once

#include <cstdint>

#include <rte_mbuf.h>

namespace godwit {

class Port {
 public:
  virtual ~Port() = default;

  // Called by the one worker that owns the port's queue; both take or give at most `count` frames
  // and return how many. rx hands the caller ownership of the frames; tx takes ownership of those
  // it accepts, the rest remain the caller's.
  virtual uint16_t rx(rte_mbuf** frames, uint16_t count) = 0;
  virtual uint16_t tx(rte_mbuf** frames, uint16_t count) = 0;
};

}  // namespace godwit
