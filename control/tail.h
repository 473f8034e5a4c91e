// The latest of what happened, each under a number that it keeps: the first thing that ever
// happened is number 0. Whoever follows remembers the number that it will read next, and sees by it
// how much was forgotten meanwhile.
//
// One thread's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

namespace godwit {

template <class T>
class Tail {
 public:
  explicit Tail(size_t most) : most_(most) {}

  // Forgets the eldest when `most` are there already.
  void add(T one) {
    if (is_full()) {
      latest_.pop_front();
      ++begin_;
    }
    latest_.push_back(std::move(one));
  }
  // From now on; before anything is added.
  void set_most(size_t most) { most_ = most; }

  bool is_full() const { return latest_.size() == most_; }
  uint64_t begin() const { return begin_; }  // the eldest that is kept
  uint64_t end() const { return begin_ + latest_.size(); }
  bool has(uint64_t number) const { return number >= begin() && number < end(); }
  T& operator[](uint64_t number) { return latest_[number - begin_]; }
  const T& operator[](uint64_t number) const { return latest_[number - begin_]; }
  const std::deque<T>& latest() const { return latest_; }

 private:
  size_t most_;
  std::deque<T> latest_;
  uint64_t begin_ = 0;
};

}  // namespace godwit
