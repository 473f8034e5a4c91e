// Catch2's own code, compiled once and never instrumented: under a sanitizer it takes minutes.
#pragma once

namespace godwit::test {

// Runs the tests that the arguments choose; returns the exit code.
int run_tests(int argc, char** argv);

}  // namespace godwit::test
