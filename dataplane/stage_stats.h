// What each stage costs: calls, packets and TSC cycles. The pipeline is compiled twice, with the
// measuring points and without; only `godwit bench` runs the first.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include <rte_cycles.h>

#include "lib/counter.h"

namespace godwit {

enum class Stage : uint8_t {
  kClassify,
  kLearn,
  kGuard,
  kPeer,
  kResolve,
  kRoute,
  kBridge,
  kFlood,
  kTx
};

inline constexpr std::array<std::string_view, 9> kStageNames = {
    "classify", "learn", "guard", "peer", "resolve", "route", "bridge", "flood", "tx"};

struct StageCount {
  Counter calls;
  Counter packets;
  Counter cycles;

  StageCount& operator+=(const StageCount& o) {
    calls += o.calls;
    packets += o.packets;
    cycles += o.cycles;
    return *this;
  }
};

using StageStats = std::array<StageCount, kStageNames.size()>;

// Measures one call of a stage, from its construction to its end; with kTimed off, it is nothing.
template <bool kTimed>
class StageTimer {
 public:
  StageTimer(StageStats& stats, Stage stage, uint16_t packets)
      : count_(stats[static_cast<size_t>(stage)]), packets_(packets) {
    if constexpr (kTimed) start_ = rte_rdtsc();
  }
  ~StageTimer() {
    if constexpr (kTimed) {
      count_.calls += 1;
      count_.packets += packets_;
      count_.cycles += rte_rdtsc() - start_;
    }
  }
  StageTimer(const StageTimer&) = delete;
  StageTimer& operator=(const StageTimer&) = delete;

 private:
  StageCount& count_;
  uint16_t packets_;
  uint64_t start_ = 0;
};

}  // namespace godwit
