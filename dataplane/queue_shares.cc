#include "dataplane/queue_shares.h"

#include <cassert>
#include <string>

#include <fmt/core.h>
#include <rte_mbuf.h>

namespace godwit {
namespace {

constexpr unsigned kRing = 1024;  // frames lent and not sent yet

// Rings of DPDK have names. Control's thread.
std::string unused_name() {
  static unsigned count = 0;
  return fmt::format("lent{}", ++count);
}

}  // namespace

class QueueShares::Share final : public Port {
 public:
  ~Share() override {
    for (uint16_t i = kept_from_; i < kept_to_; ++i) rte_pktmbuf_free(kept_[i]);
  }

  uint16_t rx(rte_mbuf** frames, uint16_t count) override {
    if (!lenders.empty()) send_lent();
    uint16_t n = 0;
    for (size_t turn = 0; turn < sources.size() && n < count; ++turn) {
      n += sources[next_]->rx(frames + n, count - n);
      next_ = next_ + 1 == sources.size() ? 0 : next_ + 1;
    }
    return n;
  }

  uint16_t tx(rte_mbuf** frames, uint16_t count) override {
    if (own != nullptr) return own->tx(frames, count);
    return lent->put_some(frames, count);
  }

  std::vector<Port*> sources;
  Port* own = nullptr;         // transmit queue; or else
  Ring* lent = nullptr;        // ... to the worker that has one
  std::vector<Ring*> lenders;  // of `own`

 private:
  void send_lent() {
    if (kept_from_ < kept_to_) {
      kept_from_ += own->tx(&kept_[kept_from_], kept_to_ - kept_from_);
      if (kept_from_ < kept_to_) return;
    }
    for (Ring* lender : lenders) {
      kept_from_ = 0;
      kept_to_ = lender->take_some(kept_.data(), kMaxBurst);
      if (kept_to_ > 0) kept_from_ = own->tx(kept_.data(), kept_to_);
      if (kept_from_ < kept_to_) return;
    }
  }

  size_t next_ = 0;  // source
  std::array<rte_mbuf*, kMaxBurst> kept_;
  uint16_t kept_from_ = 0;
  uint16_t kept_to_ = 0;
};

QueueShares::QueueShares(const std::vector<Port*>& rx, const std::vector<Port*>& tx,
                         uint16_t workers, unsigned first)
    : shares_(workers), used_(workers) {
  assert(workers > 0 && !tx.empty());
  for (uint16_t w = 0; w < workers; ++w) shares_[w] = std::make_unique<Share>();
  const auto worker_of = [&](size_t queue) { return (first + queue) % workers; };
  for (size_t q = 0; q < rx.size(); ++q) shares_[worker_of(q)]->sources.push_back(rx[q]);
  for (size_t q = 0; q < tx.size() && q < workers; ++q) shares_[worker_of(q)]->own = tx[q];
  for (size_t q = tx.size(); q < workers; ++q) {
    rings_.push_back(std::make_unique<Ring>(unused_name().c_str(), kRing));
    shares_[worker_of(q)]->lent = rings_.back().get();
    shares_[worker_of(q % tx.size())]->lenders.push_back(rings_.back().get());
  }
  for (uint16_t w = 0; w < workers; ++w) {
    Share& share = *shares_[w];
    const bool is_plain =
        share.lenders.empty() && share.sources.size() == 1 && share.sources.front() == share.own;
    used_[w] = is_plain ? share.own : &share;
    if (is_plain) shares_[w].reset();
  }
}

QueueShares::~QueueShares() {
  for (const auto& ring : rings_)
    for (rte_mbuf* frame; ring->take(frame);) rte_pktmbuf_free(frame);
}

}  // namespace godwit
