// Checks that need more than one value of the configuration: that its parts fit each other.
#pragma once

#include <vector>

#include "lib/config.h"
#include "lib/config_reader.h"
#include "lib/yaml_tree.h"

namespace godwit {

// Where the parts of a Config stand in the text; every vector runs beside the Config's own.
struct StaticHostPlaces {
  Place mac;
  Place port;
  Place ip;
};

struct BridgePlaces {
  Place name;
  std::vector<Place> members;
  Place gateway_mac;
  std::vector<Place> gateway_addresses;
  std::vector<StaticHostPlaces> static_hosts;
};

struct RoutePlaces {
  Place to;
  Place via;
};

struct ConfigPlaces {
  std::vector<Place> ports;
  std::vector<BridgePlaces> bridges;
  std::vector<RoutePlaces> routes;
  Place forget;
};

void check_config(const Config& config, const ConfigPlaces& places, ConfigMessages& messages);

}  // namespace godwit
