// A long list as the body of an answer, made a turn at a time:
//
//     {"schema": "godwit-api/1",
//      "now_ns": 4000000000,
//      "fdb": [
//       {…},
//       {…}
//      ],
//      "next": null}
//
// with an item on each line, so that tools for lines can read it, too.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "control/http.h"
#include "control/view.h"

namespace godwit {

inline constexpr std::string_view kApiSchema = "godwit-api/1";

class JsonList final : public BodySource {
 public:
  // Which places of a table or a log to look at, in order, and how many items to show at most.
  // `next` names the place to go on from when items were left out, or is null.
  struct Range {
    uint64_t from = 0;
    uint64_t end = 0;
    uint64_t most = UINT64_MAX;
  };
  // What stands at a place; nothing, if it is empty or not asked for.
  using At = std::function<std::optional<Json>(uint64_t place)>;
  // The first place from this one on that may hold something.
  using Skip = std::function<uint64_t(uint64_t place)>;

  // `more` are further fields, in front of the list.
  JsonList(std::string name, Nanos now, const Range& range, At at, Skip skip,
           Json more = Json::object())
      : name_(std::move(name)),
        now_(now),
        range_(range),
        at_(std::move(at)),
        skip_(std::move(skip)),
        more_(std::move(more)) {}

  Turn produce(std::string& piece) override;

 private:
  std::string name_;
  Nanos now_;  // godwit's clock, for the times of the items
  Range range_;
  At at_;
  Skip skip_;
  Json more_;
  uint64_t shown_ = 0;
  bool begun_ = false;
};

}  // namespace godwit
