// The same for Catch2's tests.
#include <catch2/catch.hpp>

#include "lib/pch/common_pch.h"
