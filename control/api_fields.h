// What a request names: the fields of its query or of its body, read and checked as the
// configuration is, so that a wrong word gets the same answer here as there.
#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "control/http.h"

#include "lib/config.h"
#include "lib/config_names.h"
#include "lib/config_reader.h"
#include "lib/yaml_tree.h"

namespace godwit {

// The ports and bridges of a configuration by name. Keeps views into it.
struct ApiNames {
  explicit ApiNames(const Config& config);

  NameIndex ports{"port"};
  NameIndex bridges{"bridge"};
};

class ApiFields {
 public:
  // `names` must outlive the fields. of_body throws ApiError when it is no map; an empty body is an
  // empty one.
  static ApiFields of_query(const HttpRequest& request, const ApiNames& names);
  static ApiFields of_body(const HttpRequest& request, const ApiNames& names);

  // Of an absent field, nothing; so too of a wrong one, of which finish() tells.
  std::optional<PortIndex> port(std::string_view key);
  std::optional<BridgeIndex> bridge(std::string_view key);
  std::optional<Mac> mac(std::string_view key);
  std::optional<IpAddress> ip(std::string_view key);
  std::optional<size_t> word(std::string_view key, std::span<const std::string_view> words);
  std::optional<std::string> text(std::string_view key);
  bool flag(std::string_view key);
  uint64_t count(std::string_view key, uint64_t otherwise, CountRange range = {0, INT64_MAX});

  Nanos duration(std::string_view key, Nanos otherwise, CountRange range);

  void require(std::initializer_list<std::string_view> keys) { reader_.require(keys); }
  // Throws ApiError if anything is wrong, or was written and not asked for.
  void finish();

 private:
  ApiFields(YamlNode root, std::string where, const ApiNames& names);
  std::optional<uint16_t> resolve(std::string_view key, const NameIndex& names);

  std::string where_;
  const ApiNames& names_;
  YamlNode root_;
  ConfigMessages messages_;
  MapReader reader_;
};

}  // namespace godwit
