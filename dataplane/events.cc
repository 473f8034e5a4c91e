#include "dataplane/events.h"

#include <stdexcept>

#include <fmt/format.h>
#include <rte_errno.h>

namespace godwit {

static_assert(sizeof(Event) % 4 == 0, "rte_ring moves elements in words of four octets");

EventRing::EventRing(const char* name, unsigned size)
    : ring_(rte_ring_create_elem(name, sizeof(Event), size, SOCKET_ID_ANY,
                                 RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ)),
      reserve_(size / 4) {
  if (!ring_)
    throw std::runtime_error(
        fmt::format("event ring '{}' of {} events: {}", name, size, rte_strerror(rte_errno)));
}

}  // namespace godwit
