// A ring of records of any length between one producer and one consumer, each on a thread of its
// own, in plain memory that is taken once. Neither ever waits: a full ring refuses the record.
//
// `published_` and `taken_` count octets since the beginning and never wrap. The producer stores
// `published_` with release when records are whole, and the consumer loads it with acquire;
// `taken_` goes the other way round, so that room is written to only when it has been read.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace godwit {

class RecordRing {
 public:
  // `octets` is a power of two, and at least 16.
  explicit RecordRing(size_t octets) : memory_(octets), mask_(octets - 1) {}

  // The producer's side.
  //
  // Room for a record of so many octets, at least one, to be filled before publish(); nullptr when
  // there is none. A record that takes more than half of the ring may never find any.
  uint8_t* reserve(size_t octets) {
    const size_t need = kHead + rounded(octets);
    const size_t to_end = memory_.size() - (reserved_ & mask_);
    const size_t skipped = need > to_end ? to_end : 0;  // a record lies in one piece
    const size_t used = reserved_ - taken_.load(std::memory_order_acquire);
    if (used + skipped + need > memory_.size()) return nullptr;
    if (skipped != 0) write_head(kSkip);
    reserved_ += skipped;
    write_head(octets);
    uint8_t* const room = &memory_[(reserved_ & mask_) + kHead];
    reserved_ += need;
    return room;
  }
  // What was reserved behind a position is given back.
  uint64_t position() const { return reserved_; }
  void rewind(uint64_t position) { reserved_ = position; }
  // The consumer may have all that was reserved.
  void publish() { published_.store(reserved_, std::memory_order_release); }

  // The consumer's side: the oldest record, which stays until pop(); empty when there is none.
  std::span<const uint8_t> front() {
    while (front_ != published_.load(std::memory_order_acquire)) {
      uint64_t octets = 0;
      std::memcpy(&octets, &memory_[front_ & mask_], kHead);
      if (octets != kSkip) return {&memory_[(front_ & mask_) + kHead], octets};
      front_ += memory_.size() - (front_ & mask_);
    }
    return {};
  }
  void pop() {
    front_ += kHead + rounded(front().size());
    taken_.store(front_, std::memory_order_release);
  }

 private:
  static constexpr size_t kHead = sizeof(uint64_t);  // of each record: its length
  static constexpr uint64_t kSkip = ~uint64_t{0};    // go on at the beginning of the memory

  static size_t rounded(size_t octets) { return (octets + kHead - 1) & ~(kHead - 1); }
  void write_head(uint64_t octets) { std::memcpy(&memory_[reserved_ & mask_], &octets, kHead); }

  std::vector<uint8_t> memory_;
  const size_t mask_;
  uint64_t reserved_ = 0;                           // the producer's
  alignas(64) std::atomic<uint64_t> published_{0};  // written by the producer
  alignas(64) std::atomic<uint64_t> taken_{0};      // written by the consumer
  uint64_t front_ = 0;                              // the consumer's
};

}  // namespace godwit
