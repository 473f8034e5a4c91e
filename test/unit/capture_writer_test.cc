#include "control/capture_writer.h"

#include <filesystem>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <sys/resource.h>

#include "control/capture_reader.h"
#include "test/unit/capture_bytes.h"
#include "test/unit/file_size_limit.h"
#include "test/unit/temporary_directory.h"

namespace godwit {
namespace {

using Catch::Contains;
using test::Bytes;
using test::Encoder;
using test::FileSizeLimit;
using test::frame_of;
using test::read_file;
using test::TemporaryDirectory;
using test::write_file;

constexpr Nanos kStart = 1'700'000'000 * kSecond;

std::string text_of(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

TEST_CASE("a written capture is a little-endian nanosecond pcap", "[capture]") {
  const TemporaryDirectory dir;
  CaptureWriter writer(dir / "p1.pcap");
  writer.write(kStart + 5, frame_of(1));
  writer.write(kStart + 999'999'999, frame_of(2, 40), 1514);
  CHECK_FALSE(std::filesystem::exists(dir / "p1.pcap"));
  writer.commit();
  const Encoder e;
  CHECK(read_file(dir / "p1.pcap") ==
        text_of(e.pcap_header(test::kNanoMagic) + e.pcap_record(1'700'000'000, 5, frame_of(1)) +
                e.pcap_record(1'700'000'000, 999'999'999, frame_of(2, 40), 1514)));
}

TEST_CASE("what is written is read back, whatever the buffer", "[capture]") {
  for (const size_t buffer : {1, 100, 4096, 1'000'000}) {
    const TemporaryDirectory dir;
    CaptureWriter writer(dir / "p1.pcap", buffer);
    for (uint32_t i = 0; i < 300; i++)
      writer.write(kStart + i, frame_of(static_cast<uint8_t>(i), i * 5), i * 6);
    writer.commit();
    CaptureStream stream(CaptureFile::open(dir / "p1.pcap"));
    for (uint32_t i = 0; i < 300; i++) {
      const auto frame = stream.next();
      REQUIRE(frame);
      CHECK(frame->absolute_ns == kStart + i);
      CHECK(Bytes(frame->bytes.begin(), frame->bytes.end()) ==
            frame_of(static_cast<uint8_t>(i), i * 5));
      CHECK(frame->original_length == i * 6);
    }
    CHECK_FALSE(stream.next());
  }
}

TEST_CASE("a stamp that a pcap cannot tell is an error, not another time", "[capture]") {
  const TemporaryDirectory dir;
  CaptureWriter writer(dir / "p1.pcap");
  writer.write((kSecond << 32) - 1, {});
  CHECK_THROWS_AS(writer.write(kSecond << 32, {}), WriteError);
}

TEST_CASE("a directory gets one file for every port, even an empty one", "[capture]") {
  const TemporaryDirectory dir;
  const std::vector<std::string> names = {"p1", "uplink-2"};
  CaptureDirectory out(dir / "a/b", names);
  AtomicFile report(dir / "report.json");
  report.write("{}");
  out.port(1).write(kStart, frame_of(1));
  CHECK(std::filesystem::is_directory(dir / "a/b"));
  out.commit(&report);
  CHECK(std::filesystem::file_size(dir / "a/b/p1.pcap") == 24);
  CHECK(std::filesystem::file_size(dir / "a/b/uplink-2.pcap") == 24 + 16 + 60);
  CHECK(read_file(dir / "report.json") == "{}");
  CHECK(dir.count() == 2);
}

TEST_CASE("a directory without a commit is as it was", "[capture]") {
  const TemporaryDirectory dir;
  const std::vector<std::string> names = {"p1", "p2"};
  {
    CaptureDirectory out(dir / "a/b/", names);
    out.port(0).write(kStart, frame_of(1));
  }
  CHECK(dir.count() == 0);
  write_file(dir / "p1.pcap", "old");
  { const CaptureDirectory out(dir.path(), names); }
  CHECK(read_file(dir / "p1.pcap") == "old");
  CHECK(dir.count() == 1);
}

TEST_CASE("a directory that fills the disk leaves the old files", "[capture]") {
  const TemporaryDirectory dir;
  write_file(dir / "p1.pcap", "old");
  {
    const std::vector<std::string> names = {"p1", "p2"};
    CaptureDirectory out(dir.path(), names);
    const FileSizeLimit limit(100);
    out.port(1).write(kStart, frame_of(1, 1000));
    CHECK_THROWS_WITH(out.commit(), Contains("/p2.pcap: cannot be written"));
  }
  CHECK(read_file(dir / "p1.pcap") == "old");
  CHECK(dir.count() == 1);
}

TEST_CASE("more ports than file descriptors are written", "[capture]") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit few{64, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
  const TemporaryDirectory dir;
  std::vector<std::string> names;
  names.reserve(1000);
  for (int i = 0; i < 1000; i++) names.push_back(fmt::format("p{}", i));
  {
    CaptureDirectory out(dir / "out", names);
    for (PortIndex port = 0; port < 1000; port++)
      for (int i = 0; i < 100; i++) out.port(port).write(kStart, frame_of(1, 1500));
    out.commit();
  }
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  for (const auto& name : names)
    CHECK(std::filesystem::file_size(dir / ("out/" + name + ".pcap")) == 24 + 100 * 1516);
}

TEST_CASE("a port name that is no file name is refused", "[capture]") {
  const TemporaryDirectory dir;
  for (const char* name : {"", ".", "..", ".hidden", "../p1", "a/b"}) {
    const std::vector<std::string> names = {"p1", name};
    CHECK_THROWS_WITH(CaptureDirectory(dir / "out", names), Contains("is no file name"));
    CHECK(dir.count() == 0);
  }
}

TEST_CASE("a directory that cannot be is an error", "[capture]") {
  const TemporaryDirectory dir;
  write_file(dir / "file", "");
  const std::vector<std::string> names = {"p1"};
  CHECK_THROWS_AS(CaptureDirectory(dir / "file", names), WriteError);
  CHECK_THROWS_AS(CaptureDirectory(dir / "file/under", names), WriteError);
  CHECK_THROWS_AS(CaptureDirectory(dir / "new/../file/under", names), WriteError);
  CHECK(dir.count() == 1);
}

}  // namespace godwit
