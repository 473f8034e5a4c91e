// The result of a bench, for people and as JSON.
#pragma once

#include <string>

#include "control/bench.h"

#include "lib/config.h"

namespace godwit {

std::string bench_text(const BenchResult& result);

// Schema "godwit-bench/1"; the ports are named as in the config that was measured.
std::string bench_json(const BenchResult& result, const Config& config);

}  // namespace godwit
