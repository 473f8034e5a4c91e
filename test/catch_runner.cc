#define CATCH_CONFIG_RUNNER
#include "test/catch_runner.h"

#include <catch2/catch.hpp>

int godwit::test::run_tests(int argc, char** argv) { return Catch::Session().run(argc, argv); }
