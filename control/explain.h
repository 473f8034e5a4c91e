// What each stage did with a frame and why, in plain words. Replay explains a frame as soon as the
// pipeline is done with it, a trace of live traffic a moment later.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/passage.h"
#include "dataplane/topology.h"

#include "lib/frame_filter.h"
#include "lib/units.h"

namespace godwit {

// Which frames of a replay to explain: those that the filter wants, among the first so many.
struct ExplainFilter {
  FrameFilter frames;
  uint64_t most = UINT64_MAX;

  bool wants(uint64_t number, std::span<const uint8_t> frame) const;
};

// "" for all frames, a MAC, an IP or a count; std::nullopt for anything else.
std::optional<ExplainFilter> parse_explain_filter(std::string_view text);

struct Explained {
  struct Step {
    std::string_view stage;
    std::string what;
  };
  std::string kind;         // of the frame: "ARP request for 10.9.0.1"
  std::vector<Step> steps;  // through the stages that had a say; none of a runt
};

// `hearers` are the ports that heard it, if it was flooded.
Explained explain(const Topology& topology, const Passage& frame, std::span<const Hearer> hearers);

// The same as several lines, with the frame's number and time in front.
std::string explain_text(const Topology& topology, const Passage& frame,
                         std::span<const Hearer> hearers, uint64_t number, Nanos now);

}  // namespace godwit
