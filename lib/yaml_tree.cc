#include "lib/yaml_tree.h"

#include <istream>
#include <iterator>
#include <streambuf>
#include <utility>

#include <fmt/core.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "lib/utf8.h"

namespace godwit {
namespace {

constexpr size_t kMaxMessage = 200;  // octets of the library's own words, which may quote the text

// Thrown inside parse_yaml only.
struct Failure {
  YamlError error;
};

Place place_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {static_cast<uint32_t>(mark.line) + 1, static_cast<uint32_t>(mark.column) + 1};
}

// Grows the tree from the parser's events. The path from the root to the open collection is held by
// value; a collection moves into its parent when it is complete.
class TreeBuilder : public YAML::EventHandler {
 public:
  std::optional<YamlNode> take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (root_) fail(place_of(mark), "a second document starts here (one file is one document)");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    // The parser marks a value that is not there with whatever comes next in the file.
    Place place = place_of(mark);
    if (is_value_next()) place = open_.back().node.items.back().place;
    add(YamlNode{YamlNode::Kind::kNull, place, {}, {}}, anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tag(mark, tag);
    add(YamlNode{YamlNode::Kind::kScalar, place_of(mark), value, {}}, anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (anchor >= anchored_.size() || !anchored_[anchor])
      fail(place_of(mark), "this alias stands inside the value it names");
    // Counted before it is copied, so that a tower of aliases costs nothing.
    count(*anchored_[anchor], place_of(mark));
    YamlNode copy = *anchored_[anchor];
    check_depth(open_.size() + depth_of(copy), place_of(mark));
    place_in_parent(std::move(copy));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::kSequence, mark, tag, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::kMap, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    YamlNode node;
    YAML::anchor_t anchor;
  };

  [[noreturn]] static void fail(Place place, std::string text) {
    throw Failure{{place, std::move(text)}};
  }

  static void check_depth(size_t depth, Place place) {
    if (depth > kMaxYamlDepth)
      fail(place, fmt::format("nested deeper than {} levels", kMaxYamlDepth));
  }

  // "?" is a plain scalar or a collection, "!" a quoted scalar: what has no tag of its own.
  static void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!")
      fail(place_of(mark), "a tag has no meaning here (remove it)");
  }

  static size_t depth_of(const YamlNode& node) {
    size_t deepest = 0;
    for (const YamlNode& item : node.items) deepest = std::max(deepest, depth_of(item));
    return node.items.empty() ? 0 : deepest + 1;
  }

  bool is_value_next() const {
    return !open_.empty() && open_.back().node.is_map() && open_.back().node.items.size() % 2 == 1;
  }

  void count(const YamlNode& node, Place place) {
    text_ += node.text.size();
    if (++nodes_ > kMaxYamlNodes || text_ > kMaxYamlText)
      fail(place,
           fmt::format("more than {} values or {} octets of them", kMaxYamlNodes, kMaxYamlText));
    for (const YamlNode& item : node.items) count(item, place);
  }

  void open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    check_tag(mark, tag);
    open_.push_back({YamlNode{kind, place_of(mark), {}, {}}, anchor});
    check_depth(open_.size(), place_of(mark));
    count(open_.back().node, place_of(mark));
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    finish(std::move(done.node), done.anchor);
  }

  void add(YamlNode node, YAML::anchor_t anchor) {
    count(node, node.place);
    finish(std::move(node), anchor);
  }

  void finish(YamlNode node, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) {
      count(node, node.place);
      if (anchor >= anchored_.size()) anchored_.resize(anchor + 1);
      anchored_[anchor] = node;
    }
    place_in_parent(std::move(node));
  }

  void place_in_parent(YamlNode node) {
    if (open_.empty())
      root_ = std::move(node);
    else
      open_.back().node.items.push_back(std::move(node));
  }

  std::optional<YamlNode> root_;
  std::vector<Open> open_;                         // from the root to the innermost
  std::vector<std::optional<YamlNode>> anchored_;  // by anchor number; empty while open
  size_t nodes_ = 0;
  size_t text_ = 0;
};

// Reads a string in place; std::istringstream would copy it.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // a get area is never written to
    setg(begin, begin, begin + text.size());
  }
};

YamlNode build(std::string_view text) {
  ViewBuffer buffer(text);
  std::istream stream(&buffer);
  YAML::Parser parser(stream);
  TreeBuilder builder;
  while (parser.HandleNextDocument(builder)) {
  }
  std::optional<YamlNode> root = builder.take_root();
  return root ? *std::move(root) : YamlNode{};
}

// The place of an octet, by counting the lines before it.
Place place_at(std::string_view text, size_t offset) {
  Place place;
  for (const char c : text.substr(0, offset)) {
    ++place.column;
    if (c == '\n') place = {place.line + 1, 1};
  }
  return place;
}

YamlDocument failed(Place place, std::string text) {
  return {std::nullopt, YamlError{place, std::move(text)}};
}

}  // namespace

YamlDocument parse_yaml(std::string_view text) {
  // The library takes octet 04 for the end of the file, guesses UTF-16 from zeros and replaces what
  // it cannot decode: such a text would be read as another one, so it is refused here.
  if (const size_t bad = find_non_text(text); bad != text.size())
    return failed(place_at(text, bad), fmt::format("octet 0x{:02x} does not belong in UTF-8 text",
                                                   static_cast<uint8_t>(text[bad])));
  try {
    return {build(text), std::nullopt};
  } catch (const Failure& failure) {
    return {std::nullopt, failure.error};
  } catch (const YAML::Exception& e) {
    return failed(place_of(e.mark), "not valid YAML: " + printable(e.msg, kMaxMessage));
  } catch (const std::exception& e) {
    return failed({}, fmt::format("cannot be read: {}", e.what()));
  }
}

}  // namespace godwit
