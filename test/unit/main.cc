#include "test/catch_runner.h"

int main(int argc, char** argv) { return godwit::test::run_tests(argc, argv); }
