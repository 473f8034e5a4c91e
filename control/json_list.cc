#include "control/json_list.h"

#include <algorithm>
#include <chrono>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace godwit {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kTurn = std::chrono::microseconds(500);
constexpr size_t kPieceOctets = size_t{64} << 10;
constexpr unsigned kPlacesALook = 64;  // at the clock

}  // namespace

BodySource::Turn JsonList::produce(std::string& piece) {
  if (!std::exchange(begun_, true)) {
    piece += fmt::format("{{\"schema\": \"{}\",\n \"now_ns\": {},\n", kApiSchema, now_);
    for (const auto& [name, value] : more_.items())
      piece += fmt::format(" \"{}\": {},\n", name, value.dump());
    piece += fmt::format(" \"{}\": [", name_);
  }
  const auto until = Clock::now() + kTurn;
  const size_t full = piece.size() + kPieceOctets;
  const auto goes_on = [&] {
    range_.from = std::min(skip_(range_.from), range_.end);
    return range_.from < range_.end && shown_ < range_.most;
  };
  while (goes_on()) {
    if (piece.size() >= full || Clock::now() >= until) return Turn::kMore;
    for (unsigned n = 0; n < kPlacesALook && goes_on(); ++n)
      if (const std::optional<Json> item = at_(range_.from++)) {
        piece += shown_++ == 0 ? "\n  " : ",\n  ";
        piece += item->dump();
      }
  }
  piece += shown_ == 0 ? "],\n" : "\n ],\n";
  const bool is_whole = range_.from == range_.end;
  piece += is_whole ? " \"next\": null}\n" : fmt::format(" \"next\": {}}}\n", range_.from);
  return Turn::kLast;
}

}  // namespace godwit
