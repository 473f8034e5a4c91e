#include "control/capture_reader.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "test/unit/capture_bytes.h"
#include "test/unit/temporary_directory.h"

namespace godwit {
namespace {

using Catch::Contains;
using test::Bytes;
using test::Encoder;
using test::frame_of;
using test::kMicroMagic;
using test::kNanoMagic;

// A frame as it was read: its stamp, the octet it is filled with, both lengths.
struct Seen {
  Nanos time;
  uint8_t fill;
  size_t captured;
  uint32_t original;
  bool operator==(const Seen&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Seen& s) {
  return out << '{' << s.time << ' ' << int{s.fill} << ' ' << s.captured << ' ' << s.original
             << '}';
}

std::vector<Seen> drain(CaptureStream& stream) {
  std::vector<Seen> seen;
  while (const auto frame = stream.next()) {
    const uint8_t fill = frame->bytes.empty() ? 0 : frame->bytes.front();
    CHECK(Bytes(frame->bytes.begin(), frame->bytes.end()) == frame_of(fill, frame->bytes.size()));
    seen.push_back({frame->absolute_ns, fill, frame->bytes.size(), frame->original_length});
  }
  CHECK_FALSE(stream.next());
  CHECK(stream.offset() == stream.file().bytes().size());
  return seen;
}

std::vector<Seen> read_all(const Bytes& bytes) {
  CaptureStream stream(CaptureFile::from_bytes("in", bytes));
  return drain(stream);
}

std::vector<Seen> read_interface(const Bytes& bytes, std::string_view name) {
  CaptureStream stream(CaptureFile::from_bytes("in", bytes), name);
  return drain(stream);
}

// The message with which reading fails; empty: it does not.
std::string failure(const Bytes& bytes) {
  try {
    read_all(bytes);
  } catch (const CaptureError& error) {
    return error.what();
  }
  return "";
}

const Encoder kOrders[] = {{false}, {true}};

}  // namespace

TEST_CASE("a pcap is read in both byte orders and both units of time", "[capture]") {
  for (const Encoder& e : kOrders) {
    for (const auto& [magic, unit] : {std::pair{kMicroMagic, 1000U}, std::pair{kNanoMagic, 1U}}) {
      const Bytes file = e.pcap_header(magic) + e.pcap_record(7, 999'999, frame_of(1)) +
                         e.pcap_record(4'000'000'000, 5, frame_of(2, 61), 1514) +
                         e.pcap_record(4'000'000'000, 5, {});
      CHECK(read_all(file) == std::vector<Seen>{{7 * kSecond + 999'999 * unit, 1, 60, 60},
                                                {4'000'000'000 * kSecond + 5 * unit, 2, 61, 1514},
                                                {4'000'000'000 * kSecond + 5 * unit, 0, 0, 0}});
    }
  }
}

TEST_CASE("a pcap of a header only is an empty capture", "[capture]") {
  CHECK(read_all(Encoder{}.pcap_header(kNanoMagic)).empty());
  // The high half of the link type tells of frame check sequences.
  CHECK(read_all(Encoder{}.pcap_header(kMicroMagic, 0x34000001)).empty());
}

TEST_CASE("every kind of packet block is read, in both byte orders", "[capture]") {
  for (const Encoder& e : kOrders) {
    const Bytes file =
        e.section() + e.block(0x0bad, frame_of(9, 40)) + e.interface(e.name("p1"), 1, 64) +
        e.enhanced_packet(0, 1'000'001, frame_of(1, 61), 99) +
        e.simple_packet(frame_of(2, 64), 1514) + e.block(5, frame_of(9, 8)) +
        e.obsolete_packet(0, 2'000'002, frame_of(3, 62)) + e.simple_packet(frame_of(4, 63), 63);
    CHECK(read_all(file) == std::vector<Seen>{{1'000'001'000, 1, 61, 99},
                                              {1'000'001'000, 2, 64, 1514},
                                              {2'000'002'000, 3, 62, 62},
                                              {2'000'002'000, 4, 63, 63}});
    CaptureStream stream(CaptureFile::from_bytes("in", file));
    drain(stream);
    CHECK(stream.unstamped() == 2);
    CHECK(stream.cut() == 2);
    CHECK(stream.clamped() == 0);
  }
}

TEST_CASE("a frame without a stamp takes the one before it, or the file's first", "[capture]") {
  const Encoder e;
  const Bytes begin = e.section() + e.interface(e.name("p1")) + e.interface(e.name("p2")) +
                      e.simple_packet(frame_of(1), 60);
  CHECK(read_all(begin) == std::vector<Seen>{{0, 1, 60, 60}});
  const Bytes file = begin + e.enhanced_packet(1, 7, frame_of(2)) +
                     e.simple_packet(frame_of(3), 60) + e.enhanced_packet(0, 8, frame_of(4)) +
                     e.simple_packet(frame_of(5), 60);
  CHECK(read_interface(file, "p1") ==
        std::vector<Seen>{
            {7'000, 1, 60, 60}, {7'000, 3, 60, 60}, {8'000, 4, 60, 60}, {8'000, 5, 60, 60}});
  CHECK(read_interface(file, "p2") == std::vector<Seen>{{7'000, 2, 60, 60}});
}

TEST_CASE("an interface's options say what its stamps mean", "[capture]") {
  struct Case {
    uint8_t resolution;
    int64_t offset;
    uint64_t stamp;
    Nanos expected;
  };
  const Case cases[] = {
      {0, 0, 3, 3 * kSecond},
      {3, 0, 1'001, 1'001 * kMillisecond},
      {6, 0, 5, 5 * kMicrosecond},
      {9, 0, uint64_t{1} << 62, uint64_t{1} << 62},
      {9, 0, (uint64_t{1} << 63) - 1, (uint64_t{1} << 63) - 1},
      {12, 0, 5'999, 5},
      {19, 0, ~uint64_t{0}, 1'844'674'407},
      {28, 0, ~uint64_t{0}, 1},
      {29, 0, ~uint64_t{0}, 0},
      {127, 0, ~uint64_t{0}, 0},
      {0x80 | 0, 0, 4, 4 * kSecond},
      {0x80 | 10, 0, 1024 + 512, 1'500 * kMillisecond},
      {0x80 | 10, 0, 1, 976'562},
      {0x80 | 64, 0, uint64_t{1} << 63, 500 * kMillisecond},
      {0x80 | 127, 0, ~uint64_t{0}, 0},
      {6, 1'700'000'000, 1, 1'700'000'000 * kSecond + kMicrosecond},
      {6, -2, 3'000'000, kSecond},
  };
  for (const Encoder& e : kOrders) {
    for (const Case& c : cases) {
      INFO("resolution " << int{c.resolution} << ", offset " << c.offset << ", stamp " << c.stamp);
      const Bytes options = e.name("p1") + e.option(9, {c.resolution}) +
                            e.option(14, e.u64(static_cast<uint64_t>(c.offset))) + e.option(0, {}) +
                            e.option(9, {0});
      const Bytes file =
          e.section() + e.interface(options) + e.enhanced_packet(0, c.stamp, frame_of(1));
      CHECK(read_all(file) == std::vector<Seen>{{c.expected, 1, 60, 60}});
    }
  }
}

TEST_CASE("a stamp that 63 bits of nanoseconds cannot hold is an error", "[capture]") {
  const Encoder e;
  struct Case {
    uint8_t resolution;
    int64_t offset;
    uint64_t stamp;
    const char* expected;
  };
  const Case cases[] = {{0, 0, 9'223'372'037, "2262"},
                        {9, 0, uint64_t{1} << 63, "2262"},
                        {0, INT64_MAX, ~uint64_t{0}, "2262"},
                        {0x80, 0, ~uint64_t{0}, "2262"},
                        {6, -1, 999'999, "1970"},
                        {6, INT64_MIN, 0, "1970"}};
  for (const Case& c : cases) {
    const Bytes options =
        e.option(9, {c.resolution}) + e.option(14, e.u64(static_cast<uint64_t>(c.offset)));
    CHECK_THAT(
        failure(e.section() + e.interface(options) + e.enhanced_packet(0, c.stamp, frame_of(1))),
        Contains(c.expected));
  }
}

TEST_CASE("a port's frames are those of its interfaces, in every section", "[capture]") {
  const Encoder little{false}, big{true};
  const Bytes file = little.section() + little.interface(little.name("p1")) +
                     little.interface(little.name("p2") + little.option(9, {9})) +
                     little.enhanced_packet(1, 10, frame_of(1)) +
                     little.enhanced_packet(0, 20, frame_of(2)) + big.section() +
                     big.interface(big.name(std::string("p2\0", 3))) +
                     big.enhanced_packet(0, 30, frame_of(3)) + big.interface(big.name("p3")) +
                     big.interface(big.name("p1")) + big.enhanced_packet(2, 40, frame_of(4));
  CHECK(read_interface(file, "p1") == std::vector<Seen>{{20'000, 2, 60, 60}, {40'000, 4, 60, 60}});
  CHECK(read_interface(file, "p2") == std::vector<Seen>{{10, 1, 60, 60}, {30'000, 3, 60, 60}});
  CHECK(read_interface(file, "p3").empty());
  CHECK(read_interface(file, "p4").empty());
  CHECK(read_all(file).size() == 4);

  const auto interfaces = CaptureFile::from_bytes("in", file)->named_interfaces();
  REQUIRE(interfaces.size() == 3);
  CHECK(interfaces[0].name == "p1");
  CHECK(interfaces[0].offset == little.section().size());
  CHECK(interfaces[1].name == "p2");
  CHECK(interfaces[2].name == "p3");
}

TEST_CASE("ports by name need a pcapng whose interfaces have names", "[capture]") {
  const Encoder e;
  const Bytes classic = e.pcap_header(kMicroMagic);
  CHECK_THROWS_WITH(CaptureFile::from_bytes("in.pcap", classic)->named_interfaces(),
                    Contains("in.pcap: is a classic pcap") && Contains("--in PORT=FILE"));
  const Bytes nameless = e.section() + e.interface(e.name("p1")) + e.interface({});
  const auto file = CaptureFile::from_bytes("in.pcapng", nameless);
  CHECK(file->is_pcapng());
  CHECK_THROWS_WITH(file->named_interfaces(), Contains("in.pcapng: offset 56: interface without"));
  CHECK(read_all(nameless).empty());
}

TEST_CASE("a stamp that runs backward is raised to the one before it, and counted", "[capture]") {
  const Encoder e;
  const Bytes file = e.pcap_header(kNanoMagic) + e.pcap_record(5, 0, frame_of(1)) +
                     e.pcap_record(4, 0, frame_of(2)) + e.pcap_record(4, 9, frame_of(3)) +
                     e.pcap_record(5, 1, frame_of(4, 40), 60);
  CaptureStream stream(CaptureFile::from_bytes("in", file));
  CHECK(drain(stream) == std::vector<Seen>{{5 * kSecond, 1, 60, 60},
                                           {5 * kSecond, 2, 60, 60},
                                           {5 * kSecond, 3, 60, 60},
                                           {5 * kSecond + 1, 4, 40, 60}});
  CHECK(stream.clamped() == 2);
  CHECK(stream.cut() == 1);
}

TEST_CASE("a damaged pcap is refused with the offset of the damage", "[capture]") {
  const Encoder e;
  const Bytes header = e.pcap_header(kNanoMagic);
  const Bytes record = e.pcap_record(1, 0, frame_of(1, 4));
  const Bytes huge = e.u32(1) + e.u32(0) + e.u32(70'000'000) + e.u32(70'000'000);
  const std::pair<Bytes, const char*> cases[] = {
      {{}, "in: offset 0: the file ends after 0 octets"},
      {{0xa1, 0xb2}, "in: offset 0: the file ends after 2 octets"},
      {{'h', 'e', 'l', 'l', 'o'}, "in: offset 0: magic number 0x68656c6c is no capture's"},
      {{0x1f, 0x8b, 8, 0}, "gunzip"},
      {e.pcap_header(kNanoMagic, 113), "in: offset 20: link type 113 (Linux cooked)"},
      {e.pcap_header(kNanoMagic, 101), "link type 101 (raw IP)"},
      {e.pcap_header(kNanoMagic, 4711), "link type 4711 (unknown to godwit)"},
      {e.u32(kNanoMagic) + e.u16(2) + e.u16(3) + Bytes(16), "in: offset 4: pcap version 2.3"},
      {header + record + huge, "in: offset 44: record of 70000000 octets is longer than any frame"},
      {header + e.pcap_record(1, 0, frame_of(1, 262'145)), "longer than any frame"},
      {header + e.pcap_record(1, 0, frame_of(1), 59), "in: offset 24: record holds 60 octets"},
      {header + e.pcap_record(1, 1'000'000'000, frame_of(1)), "fraction is 1000000000 ns"},
      {header + record + Bytes(15),
       "in: offset 44: the file ends inside the header of a record: "
       "16 octets are needed, 15 are left"},
  };
  for (const auto& [bytes, message] : cases) CHECK_THAT(failure(bytes), Contains(message));
  CHECK(failure(header + e.pcap_record(1, 0, frame_of(1, 262'144))).empty());
}

TEST_CASE("a damaged pcapng is refused with the offset of the damage", "[capture]") {
  const Encoder e;
  const Bytes begin = e.section() + e.interface(e.name("p1"));  // 56 octets
  const auto packet = [&](uint32_t captured, uint32_t original) {
    return e.block(6, e.u32(0) + e.u64(0) + e.u32(captured) + e.u32(original) + frame_of(1, 60));
  };
  const std::pair<Bytes, const char*> cases[] = {
      {begin + e.u32(6) + e.u32(13) + Bytes(8),
       "in: offset 56: block of type 0x6 gives its length "
       "as 13 octets, which is no multiple of 4"},
      {begin + e.u32(6) + e.u32(8) + Bytes(8), "less than the least"},
      {begin + e.u32(6) + e.u32(16) + e.u32(0) + e.u32(20), "16 octets long by its head and 20"},
      {begin + e.u32(7) + e.u32(0xfffffffc) + e.u32(0), "the file ends inside a block"},
      {e.block(0x0a0d0d0a, Bytes(16)), "in: offset 8: byte-order magic 0x00000000"},
      {e.block(0x0a0d0d0a, e.u32(0x1a2b3c4d)), "section header block of 16 octets is too short"},
      {e.block(0x0a0d0d0a, e.u32(0x1a2b3c4d) + e.u16(2) + e.u16(0) + e.u64(0)), "version 2.0"},
      {e.section() + e.block(1, e.u32(1)), "interface description block of 16 octets is too short"},
      {e.section() + e.interface({}, 127), "in: offset 28: link type 127 (IEEE 802.11 with rad"},
      {e.section() + e.interface(e.u16(2) + e.u16(99)),
       "option 2 of an interface description is "
       "99 octets long, past the end"},
      {e.section() + e.interface(e.option(9, {6, 6})), "option 9 of an interface description is 2"},
      {e.section() + e.interface(e.option(14, {6})), "octets long, not 8"},
      {begin + e.block(6, Bytes(16)), "packet block of 28 octets is too short, 32 is the least"},
      {begin + e.block(3, {}), "simple packet block of 12 octets is too short"},
      {begin + e.enhanced_packet(1, 0, frame_of(1)), "in: offset 56: packet of interface 1"},
      {e.section() + e.simple_packet(frame_of(1), 60), "describes only 0 interfaces"},
      {begin + e.section() + e.enhanced_packet(0, 0, frame_of(1)),
       "in: offset 84: packet of inter"},
      {begin + packet(61, 61),
       "a frame of 61 octets does not fit its block, which has room for 60"},
      {begin + packet(60, 59), "record holds 60 octets of a frame of only 59"},
      {begin + packet(262'145, 262'145), "longer than any frame"},
      {begin + e.simple_packet(frame_of(1), 61), "does not fit its block"},
  };
  for (const auto& [bytes, message] : cases) CHECK_THAT(failure(bytes), Contains(message));
}

TEST_CASE("a damaged frame of another port's interface is found too", "[capture]") {
  const Encoder e;
  const Bytes bytes = e.section() + e.interface(e.name("p1")) + e.interface(e.name("p2")) +
                      e.enhanced_packet(1, ~uint64_t{0}, frame_of(1));
  CHECK_THROWS_AS(CaptureFile::from_bytes("in", bytes), CaptureError);
}

TEST_CASE("a capture that was cut anywhere ends at a whole frame or is refused", "[capture]") {
  for (const Encoder& e : kOrders) {
    Bytes classic = e.pcap_header(kNanoMagic), ng = e.section() + e.interface(e.name("p1"));
    std::vector<size_t> classic_ends{classic.size()}, ng_ends{e.section().size(), ng.size()};
    for (uint8_t i = 0; i < 3; i++) {
      classic = classic + e.pcap_record(i, 0, frame_of(i, 15));
      classic_ends.push_back(classic.size());
      ng = ng + e.enhanced_packet(0, i, frame_of(i, 15));
      ng_ends.push_back(ng.size());
    }
    for (const auto& [whole, ends] : {std::tie(classic, classic_ends), std::tie(ng, ng_ends)}) {
      size_t clean = 0;
      for (size_t length = 0; length < whole.size(); length++) {
        // Exactly sized, so that a sanitizer sees a read past the end.
        const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
        const bool is_end = std::find(ends.begin(), ends.end(), length) != ends.end();
        CHECK(failure(cut).empty() == is_end);
        if (is_end) clean++;
      }
      CHECK(clean == ends.size() - 1);
    }
  }
}

TEST_CASE("what is no file to be mapped is refused", "[capture]") {
  const test::TemporaryDirectory dir;
  CHECK_THROWS_WITH(CaptureFile::open(dir / "none"), Contains("none: cannot be opened: No such"));
  CHECK_THROWS_WITH(CaptureFile::open(dir.path()), Contains("is no regular file"));
  REQUIRE(::mkfifo((dir / "pipe").c_str(), 0600) == 0);
  CHECK_THROWS_WITH(CaptureFile::open(dir / "pipe"), Contains("write a pipe to a file first"));
  std::ofstream(dir / "empty").flush();
  CHECK_THROWS_WITH(CaptureFile::open(dir / "empty"), Contains("ends after 0 octets"));
}

TEST_CASE("a file beyond 4 GiB is read to its end", "[capture]") {
  const test::TemporaryDirectory dir;
  const Encoder e;
  const Bytes begin = e.section() + e.interface(e.name("p1")) +
                      e.enhanced_packet(0, 1, frame_of(1)) + e.u32(0x0bad) + e.u32(0xfffffffc);
  const Bytes end = e.u32(0xfffffffc) + e.enhanced_packet(0, 2, frame_of(2));
  std::ofstream out(dir / "big", std::ios::binary);
  out.write(reinterpret_cast<const char*>(begin.data()),
            static_cast<std::streamsize>(begin.size()));
  out.seekp(static_cast<std::streamoff>(begin.size() - 8 + 0xfffffffc - 4));  // a hole, not a disk
  out.write(reinterpret_cast<const char*>(end.data()), static_cast<std::streamsize>(end.size()));
  out.close();
  REQUIRE(out);
  CaptureStream stream(CaptureFile::open(dir / "big"), "p1");
  CHECK(drain(stream) == std::vector<Seen>{{1'000, 1, 60, 60}, {2'000, 2, 60, 60}});
  CHECK(stream.offset() > uint64_t{1} << 32);
}

}  // namespace godwit
