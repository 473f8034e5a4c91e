#include "lib/yaml_tree.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

namespace godwit {
namespace {

struct Wrong {
  std::string text;
  Place place;        // column 0: any
  const char* error;  // a part of it
};

std::string repeat(std::string_view text, size_t times) {
  std::string result;
  for (size_t i = 0; i < times; ++i) result += text;
  return result;
}

// Ten aliases of ten aliases of …: a few hundred octets that stand for more than the world holds.
std::string alias_tower() {
  std::string text = "a0: &a0 x\n";
  for (int i = 1; i < 30; ++i) {
    const std::string ten = repeat(fmt::format("*a{}, ", i - 1), 10);
    text += fmt::format("a{}: &a{} [{}]\n", i, i, ten);
  }
  return text;
}

}  // namespace

TEST_CASE("a YAML tree keeps places, duplicates and the text of numbers", "[yaml]") {
  const YamlDocument document = parse_yaml("p1: 010\np1:\n'q': [\"yes\", {a: ~}]\n");
  REQUIRE(document.root);
  const YamlNode& root = *document.root;
  REQUIRE(root.is_map());
  REQUIRE(root.items.size() == 6);
  CHECK(root.items[1].text == "010");
  CHECK(root.items[1].place == Place{1, 5});
  CHECK(root.items[2].text == "p1");
  CHECK(root.items[3].is_null());
  CHECK(root.items[3].place == Place{2, 1});
  CHECK(root.items[4].text == "q");
  REQUIRE(root.items[5].is_sequence());
  CHECK(root.items[5].items[0].text == "yes");
  CHECK(root.items[5].items[1].items[0].place == Place{3, 15});
}

TEST_CASE("an alias reads as the value it names", "[yaml]") {
  const YamlDocument document = parse_yaml("a: &m {x: &n 1, y: *n}\nb: *m\n");
  REQUIRE(document.root);
  const YamlNode& copy = document.root->items[3];
  REQUIRE(copy.is_map());
  CHECK(copy.items[3].text == "1");
}

TEST_CASE("an empty document is null", "[yaml]") {
  for (const char* text : {"", "\n", "# nothing\n", "---\n", "\xef\xbb\xbf"}) {
    const YamlDocument document = parse_yaml(text);
    REQUIRE(document.root);
    CHECK(document.root->is_null());
  }
}

TEST_CASE("what is not one plain YAML document is told with its place", "[yaml]") {
  const std::string nul("a: 1\nb: \0", 9);
  const std::vector<Wrong> table{
      {"a: [1\nb: 2\n", {2, 2}, "not valid YAML"},
      {"a: 1\n - x: 2\n", {2, 5}, "not valid YAML"},
      {"a: 1\n---\nb: 2\n", {2, 1}, "second document"},
      {"a: !!int 5\n", {1, 4}, "tag"},
      {"a: &m [*m]\n", {1, 8}, "inside the value it names"},
      {"a: *nobody\n", {1, 4}, "not valid YAML"},
      {nul, {2, 4}, "octet 0x00"},
      {"a: \x04\n", {1, 4}, "octet 0x04"},
      {"a: \"\\\u00e9\"\n", {1, 7}, "not valid YAML: unknown escape character: ?"},
      {"a: \xff\n", {1, 4}, "octet 0xff"},
      {"\xff\xfe\x61\n", {1, 1}, "octet 0xff"},
      {repeat("[", 100) + repeat("]", 100), {1, 65}, "nested deeper than 64"},
      {repeat("[", 100'000), {1, 0}, "nested deeper than 64"},
      {repeat("{a: ", 100'000), {1, 0}, "nested deeper than 64"},
      {repeat("- ", 100'000), {1, 129}, "nested deeper than 64"},
      {alias_tower(), {8, 0}, "more than"}};
  for (const Wrong& wrong : table) {
    INFO(wrong.text.substr(0, 40));
    const YamlDocument document = parse_yaml(wrong.text);
    CHECK_FALSE(document.root);
    REQUIRE(document.error);
    CHECK_THAT(document.error->text, Catch::Contains(wrong.error));
    CHECK(document.error->place.line == wrong.place.line);
    if (wrong.place.column != 0) CHECK(document.error->place.column == wrong.place.column);
  }
}

TEST_CASE("depth counts what an alias brings along", "[yaml]") {
  std::string text = "a: &m " + repeat("[", 40) + repeat("]", 40) + "\nb: ";
  CHECK(parse_yaml(text + repeat("[", 20) + "*m" + repeat("]", 20)).root);
  CHECK_FALSE(parse_yaml(text + repeat("[", 30) + "*m" + repeat("]", 30)).root);
}

}  // namespace godwit
