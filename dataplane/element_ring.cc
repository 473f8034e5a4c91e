#include "dataplane/element_ring.h"

#include <stdexcept>

#include <fmt/core.h>
#include <rte_errno.h>

namespace godwit {

rte_ring* make_element_ring(const char* name, unsigned element_size, unsigned size) {
  rte_ring* ring = rte_ring_create_elem(name, element_size, size, SOCKET_ID_ANY,
                                        RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ);
  if (ring == nullptr)
    throw std::runtime_error(
        fmt::format("ring '{}' of {} elements: {}", name, size, rte_strerror(rte_errno)));
  return ring;
}

}  // namespace godwit
