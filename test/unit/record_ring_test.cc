#include "lib/record_ring.h"

#include <algorithm>
#include <deque>
#include <thread>

#include <catch2/catch.hpp>

namespace godwit {
namespace {

using Record = std::vector<uint8_t>;

Record record_of(unsigned n) { return Record(1 + n * 7 % 50, static_cast<uint8_t>(n)); }

bool put(RecordRing& ring, const Record& record) {
  uint8_t* const room = ring.reserve(record.size());
  if (room != nullptr) std::copy(record.begin(), record.end(), room);
  return room != nullptr;
}

Record take(RecordRing& ring) {
  const std::span<const uint8_t> front = ring.front();
  Record record(front.begin(), front.end());
  if (!record.empty()) ring.pop();
  return record;
}

}  // namespace

TEST_CASE("records come out as they went in, round and round", "[record-ring]") {
  RecordRing ring(128);
  std::deque<Record> inside;
  unsigned refused = 0;
  for (unsigned n = 0; n < 10'000; ++n) {
    if (put(ring, record_of(n)))
      inside.push_back(record_of(n));
    else
      ++refused;
    ring.publish();
    if (n % 3 == 0) continue;
    const bool is_empty = inside.empty();
    CHECK(take(ring) == (is_empty ? Record() : inside.front()));
    if (!is_empty) inside.pop_front();
  }
  CHECK(refused > 0);
  for (; !inside.empty(); inside.pop_front()) CHECK(take(ring) == inside.front());
  CHECK(take(ring).empty());
}

TEST_CASE("what is not published, or given back, is not seen", "[record-ring]") {
  RecordRing ring(256);
  REQUIRE(put(ring, record_of(1)));
  CHECK(ring.front().empty());
  const uint64_t behind = ring.position();
  REQUIRE(put(ring, record_of(2)));
  ring.rewind(behind);
  ring.publish();
  CHECK(take(ring) == record_of(1));
  CHECK(ring.front().empty());
}

TEST_CASE("a record that is longer than the ring is refused", "[record-ring]") {
  RecordRing ring(64);
  CHECK(ring.reserve(57) == nullptr);
  CHECK(ring.reserve(56) != nullptr);
  CHECK(ring.reserve(1) == nullptr);
}

TEST_CASE("two threads lose nothing between them", "[record-ring]") {
  constexpr unsigned kRecords = 100'000;
  RecordRing ring(1024);
  std::thread producer([&] {
    for (unsigned n = 0; n < kRecords; ++n) {
      while (!put(ring, record_of(n))) std::this_thread::yield();
      ring.publish();
    }
  });
  unsigned wrong = 0;
  for (unsigned n = 0; n < kRecords; ++n) {
    while (ring.front().empty()) std::this_thread::yield();
    wrong += take(ring) != record_of(n);
  }
  producer.join();
  CHECK(wrong == 0);
}

}  // namespace godwit
