// The maps of the configuration whose keys are names that the user chose: ports and bridges.
#pragma once

#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/config_reader.h"
#include "lib/units.h"
#include "lib/yaml_tree.h"

namespace godwit {

struct NamedNode {
  std::string_view name;
  Place place;  // of the name
  const YamlNode* value;
};

// The entries of `node`, in the order of the file, at most `max`. `what` is "port" or "bridge". A
// name is 1 to 64 letters, digits, '_', '.' and '-', the first a letter or a digit: it goes into
// file names, paths of the API and labels of metrics. For the same reason two names must differ in
// more than case. A bad name is told and kept, so that what refers to it is not told as well; of
// two equal ones the first is kept.
std::vector<NamedNode> read_names(const YamlNode& node, std::string_view what, size_t max,
                                  ConfigMessages& messages);

// The ports, or the bridges, by name. Views into what gave the names.
class NameIndex {
 public:
  explicit NameIndex(std::string_view what) : what_(what) {}  // "port" or "bridge"

  void add(std::string_view name);  // the next index
  void skip() { ++next_; }          // nobody has it
  // The one that `name` names; told as an error of `owner` if there is none.
  std::optional<uint16_t> resolve(const YamlNode& name, std::string_view owner,
                                  ConfigMessages& messages) const;

 private:
  std::string_view what_;
  std::vector<std::string_view> names_;
  uint16_t next_ = 0;
  std::unordered_map<std::string_view, uint16_t> index_;
};

}  // namespace godwit
