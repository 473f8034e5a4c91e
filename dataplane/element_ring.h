// A ring of plain values between one producer and one consumer.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <type_traits>

#include <rte_ring_elem.h>

namespace godwit {

// Throws std::runtime_error when memory is short.
rte_ring* make_element_ring(const char* name, unsigned element_size, unsigned size);

template <class T>
class ElementRing {
 public:
  static_assert(std::is_trivially_copyable_v<T>);
  static constexpr unsigned kSize = sizeof(std::array<T, 1>);  // of a pointer, if T is one
  static_assert(kSize % 4 == 0, "rte_ring moves elements in words of four octets");

  // Holds `size` elements, a power of two. `name` is unique in the process. Throws
  // std::runtime_error when memory is short.
  ElementRing(const char* name, unsigned size) : ring_(make_element_ring(name, kSize, size)) {}

  // The producer's side. False when the ring is full.
  bool put(T value) { return rte_ring_sp_enqueue_elem(ring_.get(), &value, kSize) == 0; }
  // As many of them as there is room for; returns how many.
  uint16_t put_some(const T* values, uint16_t count) {
    return static_cast<uint16_t>(
        rte_ring_sp_enqueue_burst_elem(ring_.get(), values, kSize, count, nullptr));
  }
  unsigned room() const { return rte_ring_free_count(ring_.get()); }

  // The consumer's side. False when the ring is empty.
  bool take(T& value) { return rte_ring_sc_dequeue_elem(ring_.get(), &value, kSize) == 0; }
  uint16_t take_some(T* values, uint16_t most) {
    return static_cast<uint16_t>(
        rte_ring_sc_dequeue_burst_elem(ring_.get(), values, kSize, most, nullptr));
  }
  bool empty() const { return rte_ring_empty(ring_.get()) != 0; }

 private:
  struct Free {
    void operator()(rte_ring* ring) const { rte_ring_free(ring); }
  };
  std::unique_ptr<rte_ring, Free> ring_;
};

}  // namespace godwit
