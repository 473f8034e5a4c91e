#include "control/pcapng_writer.h"

#include <catch2/catch.hpp>

#include "control/capture_reader.h"
#include "test/unit/capture_bytes.h"
#include "test/unit/temporary_directory.h"

namespace godwit {
namespace {

using Catch::Contains;
using test::Bytes;
using test::frame_of;
using test::read_file;
using test::TemporaryDirectory;
using test::write_file;

constexpr Nanos kStart = 1'700'000'000 * kSecond;

}  // namespace

TEST_CASE("what is written to a pcapng is read back, port by port", "[capture]") {
  const TemporaryDirectory dir;
  PcapngWriter writer(dir / "x.pcapng");
  CHECK(writer.add_interface("server1", 0) == 0);
  CHECK(writer.add_interface("uplink", 64) == 1);
  for (uint32_t n = 0; n < 100; ++n)
    writer.write({.interface = n % 2,
                  .at = kStart + n,
                  .direction = PcapngWriter::Direction::kInbound,
                  .octets = frame_of(static_cast<uint8_t>(n), n % 60),
                  .length = 60 + n,
                  .comment = n % 3 == 0 ? "hairpin" : ""});
  writer.flush();
  CHECK(read_file(dir / "x.pcapng").size() == writer.octets());
  CHECK_THAT(read_file(dir / "x.pcapng"), Contains("hairpin"));
  const auto file = CaptureFile::open(dir / "x.pcapng");
  CHECK(file->named_interfaces().size() == 2);
  for (uint32_t first = 0; const char* name : {"server1", "uplink"}) {
    CaptureStream stream(file, name);
    for (uint32_t n = first++; n < 100; n += 2) {
      const auto frame = stream.next();
      REQUIRE(frame);
      CHECK(frame->absolute_ns == kStart + n);
      CHECK(frame->original_length == 60 + n);
      CHECK(Bytes(frame->bytes.begin(), frame->bytes.end()) ==
            frame_of(static_cast<uint8_t>(n), n % 60));
    }
    CHECK_FALSE(stream.next());
  }
}

TEST_CASE("a pcapng is never written over what is there", "[capture]") {
  const TemporaryDirectory dir;
  write_file(dir / "mine", "mine");
  std::filesystem::create_symlink(dir / "nothing", dir / "link");
  for (const char* name : {"mine", "link"})
    CHECK_THROWS_WITH(PcapngWriter(dir / name), Contains("is there already"));
  CHECK_THROWS_WITH(PcapngWriter(dir / "no/where"), Contains("cannot be made"));
  CHECK(read_file(dir / "mine") == "mine");
  CHECK(dir.count() == 2);
}

}  // namespace godwit
