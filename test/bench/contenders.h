// The tables that table-bench compares, each behind the same four operations on bursts of keys.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

namespace godwit {

inline constexpr unsigned kBurst = 32;

// Keys are numbers below 2^32; a table makes of them what its own keys are. Any thread may call.
class Contender {
 public:
  Contender() = default;
  Contender(const Contender&) = delete;
  Contender& operator=(const Contender&) = delete;
  virtual ~Contender() = default;

  // Each takes kBurst keys and returns for how many it succeeded.
  virtual unsigned insert(const uint64_t* keys) = 0;
  virtual unsigned find(const uint64_t* keys) = 0;
  // Looks the hosts up and writes a new place for each: what a switch does when they move.
  virtual unsigned move(const uint64_t* keys, uint16_t to) = 0;

  virtual uint64_t bytes() const = 0;  // of memory, with what it needs besides its entries
};

// Makes an empty table with room for so many entries. Throws std::runtime_error without memory.
using MakeContender = std::unique_ptr<Contender> (*)(uint32_t capacity);

struct NamedContender {
  std::string_view name;
  MakeContender make;
};

// DPDK's hash table, lock-free for readers; Fdb and NeighborTable of lib/. rte_hash is the first.
extern const std::array<NamedContender, 3> kContenders;

}  // namespace godwit
