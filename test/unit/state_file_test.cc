#include "control/state_file.h"

#include <filesystem>

#include <catch2/catch.hpp>

#include "control/atomic_file.h"
#include "test/unit/temporary_directory.h"

namespace godwit::test {
namespace {

State some_state() {
  State state{{"server1", "uplink"}, {"tenant"}, {}};
  StateRecord host;
  host.port = 1;
  host.when_s = 1'700'000'000;
  host.mac = 0x525400000002;
  StateRecord mapping = host;
  mapping.kind = StateRecord::Kind::kMapping;
  mapping.is_v6 = 1;
  mapping.port = StateRecord::kNoPort;
  mapping.ip_hi = 0xfd00000900000000;
  mapping.ip_lo = 1;
  state.records = {host, mapping};
  return state;
}

}  // namespace

TEST_CASE("what is written is read again", "[state]") {
  const TemporaryDirectory directory;
  const std::string path = directory / "state";
  CHECK(!read_state(path));
  const State written = some_state();
  write_state(path, State{});
  CHECK(read_state(path)->records.empty());
  write_state(path, written);  // in place of the other
  const State read = *read_state(path);
  CHECK(read.ports == written.ports);
  CHECK(read.bridges == written.bridges);
  CHECK(read.records == written.records);
  CHECK(directory.count() == 1);
  using std::filesystem::perms;
  CHECK((std::filesystem::status(path).permissions() & (perms::group_all | perms::others_all)) ==
        perms::none);
}

TEST_CASE("a state that is cut short or damaged anywhere is refused", "[state]") {
  const TemporaryDirectory directory;
  const std::string path = directory / "state";
  write_state(path, some_state());
  const std::string whole = read_file(path);
  for (size_t n = 0; n < whole.size(); ++n) {
    INFO("octet " << n);
    write_file(path, whole.substr(0, n));
    CHECK_THROWS_AS(read_state(path), StateError);
    std::string damaged = whole;
    damaged[n] = static_cast<char>(damaged[n] ^ 0x10);
    write_file(path, damaged);
    CHECK_THROWS_AS(read_state(path), StateError);
  }
  write_file(path, whole + "x");
  CHECK_THROWS_AS(read_state(path), StateError);
  write_file(path, whole);
  CHECK(read_state(path));
}

TEST_CASE("a record of a bridge or a port that is not named is refused", "[state]") {
  const TemporaryDirectory directory;
  State state = some_state();
  state.records[0].port = 2;
  write_state(directory / "state", state);
  CHECK_THROWS_AS(read_state(directory / "state"), StateError);
  state = some_state();
  state.records[1].bridge = 1;
  write_state(directory / "state", state);
  CHECK_THROWS_AS(read_state(directory / "state"), StateError);
}

TEST_CASE("a state that cannot be written says so and leaves the old one", "[state]") {
  const TemporaryDirectory directory;
  CHECK_THROWS_AS(write_state(directory / "no/state", some_state()), WriteError);
  CHECK_THROWS_AS(read_state(directory.path()), StateError);
}

TEST_CASE("each configuration has a state of its own", "[state]") {
  CHECK(default_state_path("/etc/godwit/godwit.yaml") ==
        "/var/lib/godwit/etc-godwit-godwit.yaml.state");
  CHECK(default_state_path("/etc/../etc/godwit.yaml") == default_state_path("/etc/godwit.yaml"));
  CHECK(default_state_path("godwit.yaml") ==
        default_state_path(std::filesystem::current_path().string() + "/godwit.yaml"));
  CHECK(default_state_path("/" + std::string(3000, 'x')).size() < 230);
}

}  // namespace godwit::test
