#include "dataplane/array_port.h"

#include <algorithm>

namespace godwit {

ArrayPort::~ArrayPort() {
  for (size_t i = taken_; i < waiting_.size(); ++i) rte_pktmbuf_free(waiting_[i]);
}

uint16_t ArrayPort::rx(rte_mbuf** frames, uint16_t count) {
  const auto n = static_cast<uint16_t>(std::min<size_t>(count, waiting_.size() - taken_));
  std::copy_n(waiting_.begin() + static_cast<ptrdiff_t>(taken_), n, frames);
  taken_ += n;
  if (taken_ == waiting_.size()) {
    waiting_.clear();
    taken_ = 0;
  }
  return n;
}

uint16_t ArrayPort::tx(rte_mbuf** frames, uint16_t count) {
  for (uint16_t i = 0; i < count; ++i) sink_.sent(*this, frames[i]);
  return count;
}

}  // namespace godwit
