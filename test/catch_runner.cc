#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include "test/catch_runner.h"

int godwit::test::run_tests(int argc, char** argv) { return Catch::Session().run(argc, argv); }
