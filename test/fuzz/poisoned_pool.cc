#include "test/fuzz/poisoned_pool.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <stdexcept>

#include <sanitizer/asan_interface.h>

namespace godwit::test {
namespace {

// Buffers go round, so that one that was freed stays untouchable for long.
struct FreeList {
  std::deque<void*> buffers;
  bool guarded = false;  // from when DPDK has made the buffers
};

FreeList& free_list(const rte_mempool* pool) { return *static_cast<FreeList*>(pool->pool_data); }

// Where the leak checker sees it: it does not look into DPDK's memory.
int make(rte_mempool* pool) {
  static std::deque<FreeList> lists;
  pool->pool_data = &lists.emplace_back();
  return 0;
}

int give(rte_mempool* pool, void* const* buffers, unsigned count) {
  FreeList& list = free_list(pool);
  for (unsigned i = 0; i < count; ++i) {
    if (list.guarded) {
      if (__asan_address_is_poisoned(buffers[i]) != 0) std::abort();  // freed twice
      __asan_poison_memory_region(buffers[i], pool->elt_size);
    }
    list.buffers.push_back(buffers[i]);
  }
  return 0;
}

int take(rte_mempool* pool, void** buffers, unsigned count) {
  FreeList& list = free_list(pool);
  if (list.buffers.size() < count) return -ENOBUFS;
  for (unsigned i = 0; i < count; ++i) {
    buffers[i] = list.buffers.front();
    list.buffers.pop_front();
    if (list.guarded) __asan_unpoison_memory_region(buffers[i], pool->elt_size);
  }
  return 0;
}

unsigned count(const rte_mempool* pool) {
  return static_cast<unsigned>(free_list(pool).buffers.size());
}

constexpr const char* kOps = "poisoned";

void register_ops() {
  rte_mempool_ops ops{};
  std::strcpy(ops.name, kOps);
  ops.alloc = make;
  ops.enqueue = give;
  ops.dequeue = take;
  ops.get_count = count;
  if (rte_mempool_register_ops(&ops) < 0) throw std::runtime_error("no room for another pool");
}

void guard(rte_mempool* pool) {
  FreeList& list = free_list(pool);
  list.guarded = true;
  for (void* buffer : list.buffers) __asan_poison_memory_region(buffer, pool->elt_size);
}

}  // namespace

rte_mempool* make_poisoned_pool(const char* name, unsigned count, uint16_t data_room) {
  static const bool registered = (register_ops(), true);
  (void)registered;
  rte_mempool* pool =
      rte_pktmbuf_pool_create_by_ops(name, count, 0, 0, data_room, SOCKET_ID_ANY, kOps);
  if (pool == nullptr) throw std::runtime_error("no memory for frame buffers");
  guard(pool);
  return pool;
}

rte_mbuf* make_received(rte_mempool* pool, std::span<const uint8_t> frame, uint16_t headroom) {
  rte_mbuf* buffer = rte_pktmbuf_alloc(pool);
  if (buffer == nullptr) return nullptr;
  buffer->data_off = headroom;
  const auto size = static_cast<uint16_t>(frame.size());
  char* room = frame.size() <= UINT16_MAX ? rte_pktmbuf_append(buffer, size) : nullptr;
  if (room == nullptr) {
    rte_pktmbuf_free(buffer);
    return nullptr;
  }
  if (!frame.empty()) std::memcpy(room, frame.data(), frame.size());
  __asan_poison_memory_region(room + size, rte_pktmbuf_tailroom(buffer));
  return buffer;
}

}  // namespace godwit::test
