// A count that one thread makes and any other may read while it does: how a worker counts, and
// control tells. Each value read was true once; two counters read one after the other need not have
// been true together, so nothing is ordered by them and every access is relaxed. There is no locked
// instruction: with one writer, a load and a store do.
#pragma once

#include <atomic>
#include <cstdint>

namespace godwit {

class Counter {
 public:
  constexpr Counter(uint64_t value = 0) : value_(value) {}  // NOLINT: it is used as a number
  Counter(const Counter& o) : value_(o.value()) {}
  Counter& operator=(const Counter& o) {
    set(o.value());
    return *this;
  }

  uint64_t value() const { return value_.load(std::memory_order_relaxed); }
  operator uint64_t() const { return value(); }  // NOLINT: it is used as a number

  // The writer's.
  Counter& operator+=(uint64_t more) {
    set(value() + more);
    return *this;
  }
  Counter& operator-=(uint64_t less) {
    set(value() - less);
    return *this;
  }
  Counter& operator++() { return *this += 1; }
  Counter& operator--() { return *this -= 1; }

 private:
  void set(uint64_t value) { value_.store(value, std::memory_order_relaxed); }

  std::atomic<uint64_t> value_;
};

// In nlohmann's JSON it is a number.
template <class Json>
void to_json(Json& json, const Counter& counter) {
  json = counter.value();
}

}  // namespace godwit
