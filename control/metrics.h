// The same counts as text for Prometheus (exposition format 0.0.4).
#pragma once

#include <memory>

#include "control/api_subject.h"
#include "control/http.h"

namespace godwit {

inline constexpr std::string_view kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

// Keeps the reference.
std::unique_ptr<BodySource> make_metrics(const ApiSubject& subject);

}  // namespace godwit
