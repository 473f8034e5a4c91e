// A pool of frame buffers of which AddressSanitizer knows what is in use: DPDK's own pools are one
// block of memory to it. A buffer that was freed may not be touched, nor freed again; of one that
// holds a received frame, the octets behind the frame may not be read.
#pragma once

#include <cstdint>
#include <span>

#include <rte_mbuf.h>

namespace godwit::test {

// Lives until the process ends. Throws std::runtime_error when memory is short.
rte_mempool* make_poisoned_pool(const char* name, unsigned count, uint16_t data_room);

// A buffer that holds this frame; nullptr when the pool is empty or the frame does not fit.
rte_mbuf* make_received(rte_mempool* pool, std::span<const uint8_t> frame, uint16_t headroom);

inline unsigned in_use(rte_mempool* pool) { return pool->size - rte_mempool_avail_count(pool); }

}  // namespace godwit::test
