// The key of the tables' hashes in a live switch: hosts choose their MACs, so nobody may foresee
// where one is in a table.
#pragma once

#include "lib/hash.h"

namespace godwit {

HashSecret random_secret();

}  // namespace godwit
