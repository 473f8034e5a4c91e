// The environment starts once for all tests: DPDK does not start twice in a process.
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include "control/eal.h"

int main(int argc, char** argv) {
  const godwit::Eal eal(godwit::Eal::arguments_without_devices());
  return Catch::Session().run(argc, argv);
}
