// Answers of the API as tables for people: aligned, names and not numbers, times as one reads them.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "control/ctl_command.h"

namespace godwit {

std::string ctl_text(CtlLayout layout, const nlohmann::ordered_json& answer);

// One event of the stream, on one line. `now_ns` is godwit's clock at this moment.
std::string ctl_event_text(const std::string& name, const nlohmann::ordered_json& event,
                           uint64_t now_ns);

}  // namespace godwit
