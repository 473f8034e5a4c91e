// The environment starts once for all tests: DPDK does not start twice in a process.
#include "control/eal.h"
#include "test/catch_runner.h"

int main(int argc, char** argv) {
  const godwit::Eal eal(godwit::Eal::arguments_without_devices());
  return godwit::test::run_tests(argc, argv);
}
