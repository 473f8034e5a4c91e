// The switches that the pipeline fuzzer plays on: a config each, and what is dear to make of it.
#pragma once

#include <memory>
#include <string_view>

#include "dataplane/fib.h"
#include "dataplane/orders.h"
#include "dataplane/topology.h"

#include "lib/config.h"

namespace godwit::test {

inline constexpr size_t kScenes = 8;

struct Scene {
  Scene(size_t number_in, std::string_view yaml, unsigned events_in);

  // Empty, and never lost an event: for the next input.
  Channel& fresh_channel();

  const size_t number;
  const unsigned events;
  const Config config;
  const Topology topology;
  const Fib fib;

 private:
  std::unique_ptr<Channel> channel_;
};

// Made when first asked for; for all of the process.
Scene& scene(size_t number);

}  // namespace godwit::test
