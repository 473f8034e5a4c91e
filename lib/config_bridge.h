// Reads the section `bridges`.
#pragma once

#include "lib/config.h"
#include "lib/config_check.h"
#include "lib/config_names.h"
#include "lib/config_reader.h"
#include "lib/yaml_tree.h"

namespace godwit {

// Appends to config.bridges and places.bridges.
void read_bridges(const YamlNode& node, const NameIndex& ports, ConfigMessages& messages,
                  Config& config, ConfigPlaces& places);

}  // namespace godwit
