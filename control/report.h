// The report of a replay, as JSON: schema "godwit-report/1", docs/schema/godwit-report.schema.json.
#pragma once

#include <functional>
#include <string_view>

#include "control/replay.h"

namespace godwit {

// Writes the report piece by piece, so that a million entries are never held twice.
void write_report(const Replay& replay, const std::function<void(std::string_view)>& write);

}  // namespace godwit
