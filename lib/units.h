// The few units that every part of godwit counts in.
#pragma once

#include <cstdint>

namespace godwit {

// Nanoseconds. As an instant: since the run's start (replay: since the first frame). Every function
// that needs the time takes it as an argument; nothing in lib or in the pipeline reads a clock.
using Nanos = uint64_t;

inline constexpr Nanos kMicrosecond = 1'000;
inline constexpr Nanos kMillisecond = 1'000'000;
inline constexpr Nanos kSecond = 1'000'000'000;

// A moment in whole seconds, as ages are kept.
constexpr uint32_t second_of(Nanos now) { return static_cast<uint32_t>(now / kSecond); }
inline constexpr Nanos kNever = ~Nanos{0};

// A port's or a bridge's place in the config, counted from 0.
using PortIndex = uint16_t;
using BridgeIndex = uint16_t;
inline constexpr BridgeIndex kNoBridge = 0xffff;

// Where a MAC is: a port's index, or one of the two values that are no port. 14 bits, because that
// is what the FDB's word has room for.
using Location = uint16_t;
inline constexpr unsigned kLocationBits = 14;
inline constexpr Location kNoLocation = (1U << kLocationBits) - 1;
inline constexpr Location kSelf = kNoLocation - 1;      // godwit itself: a gateway's MAC
inline constexpr unsigned kMaxPorts = kNoLocation - 1;  // indices 0 .. kMaxPorts - 1

}  // namespace godwit
