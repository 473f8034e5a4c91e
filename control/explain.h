// What each stage did with a frame and why, in plain words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "control/replay.h"

#include "dataplane/burst.h"
#include "dataplane/port_state.h"
#include "dataplane/topology.h"

namespace godwit {

// Which frames to explain: all, those to or from a MAC, those that name an IP, or the first N.
struct ExplainFilter {
  std::variant<std::monostate, Mac, IpAddress, uint64_t> only;

  bool wants(const Burst& burst, uint16_t i, const PlayedFrame& frame) const;
};

// "" for all frames, a MAC, an IP or a count; std::nullopt for anything else.
std::optional<ExplainFilter> parse_explain_filter(std::string_view text);

// The way of frame `i` of a burst that the pipeline is done with; several lines.
std::string explain(const Topology& topology, const PortStates& ports, const Burst& burst,
                    uint16_t i, const PlayedFrame& frame, Nanos now);

}  // namespace godwit
