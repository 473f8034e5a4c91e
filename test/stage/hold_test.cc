#include "dataplane/hold.h"

#include <deque>
#include <map>
#include <random>

#include <catch2/catch.hpp>
#include <rte_mbuf.h>

namespace godwit::test {
namespace {

constexpr uint32_t kFrames = 16;
constexpr uint32_t kPerTarget = 3;

Neighbor target(unsigned n) { return {0, IpAddress::v4(0x0a000001 + n)}; }

// Buffers that stand for frames, told apart by their port.
struct Pool {
  Pool() : pool(rte_pktmbuf_pool_create("hold-test", 63, 0, 0, 256, SOCKET_ID_ANY)) {
    REQUIRE(pool != nullptr);
  }
  ~Pool() {
    CHECK(rte_mempool_avail_count(pool) == pool->size);
    rte_mempool_free(pool);
  }
  HeldFrame frame(PortIndex mark) const { return {rte_pktmbuf_alloc(pool), mark, 0}; }
  rte_mempool* pool;
};

std::vector<PortIndex> take(HoldQueues<Neighbor>& hold, const Neighbor& of) {
  std::vector<PortIndex> marks;
  hold.take(of, UINT32_MAX, [&](const HeldFrame& held) {
    marks.push_back(held.in_port);
    rte_pktmbuf_free(held.mbuf);
  });
  return marks;
}

// The mark of what gave way, at most one; 0: nothing did.
PortIndex push(HoldQueues<Neighbor>& hold, const Pool& pool, const Neighbor& to, PortIndex mark) {
  PortIndex gave_way = 0;
  hold.push(to, {kPerTarget}, pool.frame(mark), 0, [&](const HeldFrame& evicted) {
    CHECK(gave_way == 0);
    gave_way = evicted.in_port;
    rte_pktmbuf_free(evicted.mbuf);
  });
  return gave_way;
}

}  // namespace

TEST_CASE("held frames come back in order, and the oldest gives way", "[hold]") {
  Pool pool;
  HoldQueues<Neighbor> hold({kFrames}, kFixedSecret);
  for (PortIndex mark = 1; mark <= 3; ++mark) CHECK(push(hold, pool, target(0), mark) == 0);
  CHECK(push(hold, pool, target(0), 4) == 1);
  CHECK(push(hold, pool, target(1), 5) == 0);
  CHECK(take(hold, target(0)) == std::vector<PortIndex>{2, 3, 4});
  CHECK(!hold.holds(target(0)));
  CHECK(hold.held() == 1);  // freed with the queues
}

TEST_CASE("a full house gives way at its oldest target", "[hold]") {
  Pool pool;
  HoldQueues<Neighbor> hold({kFrames}, kFixedSecret);
  for (PortIndex n = 0; n < kFrames; ++n) push(hold, pool, target(n), n + 1);
  CHECK(push(hold, pool, target(100), 99) == 1);
  CHECK(!hold.holds(target(0)));
  CHECK(hold.held() == kFrames);
}

TEST_CASE("looking at some targets reaches all of them in turn", "[hold]") {
  Pool pool;
  HoldQueues<Neighbor> hold({kFrames}, kFixedSecret);
  for (PortIndex n = 0; n < 10; ++n) push(hold, pool, target(n), n + 1);
  std::map<IpAddress, unsigned> seen;
  for (unsigned round = 0; round < 5; ++round)
    hold.look_at_some(4, [&](const Neighbor& one, PortIndex, Nanos&) { ++seen[one.ip]; });
  CHECK(seen.size() == 10);
  for (const auto& [ip, times] : seen) CHECK(times == 2);
}

TEST_CASE("the hold queues do what a plain model does", "[hold]") {
  Pool pool;
  HoldQueues<Neighbor> hold({kFrames}, kFixedSecret);
  std::map<unsigned, std::deque<PortIndex>> model;
  std::deque<unsigned> order;  // of targets, oldest first
  std::mt19937 random(7);
  const auto drop_front = [&](unsigned of) {
    const PortIndex mark = model[of].front();
    model[of].pop_front();
    if (!model[of].empty()) return mark;
    model.erase(of);
    std::erase(order, of);
    return mark;
  };
  uint32_t held = 0;
  for (unsigned step = 1; step <= 20000; ++step) {
    const unsigned n = random() % 12;
    if (random() % 3 != 0) {
      PortIndex expected = 0;
      if (model.contains(n) && model[n].size() == kPerTarget)
        expected = drop_front(n);
      else if (held == kFrames)
        expected = drop_front(order.front());
      else
        ++held;
      if (!model.contains(n)) order.push_back(n);
      const auto mark = static_cast<PortIndex>(step % 60000 + 1);
      model[n].push_back(mark);
      REQUIRE(push(hold, pool, target(n), mark) == expected);
    } else {
      std::vector<PortIndex> expected;
      while (model.contains(n)) expected.push_back(drop_front(n));
      held -= static_cast<uint32_t>(expected.size());
      REQUIRE(take(hold, target(n)) == expected);
    }
    REQUIRE(hold.held() == held);
  }
}

TEST_CASE("what came by one port is taken out, and the rest keeps its order", "[hold]") {
  Pool pool;
  HoldQueues<Neighbor> hold({kFrames}, kFixedSecret);
  for (const PortIndex mark : {1, 9, 2}) push(hold, pool, target(0), mark);
  for (const PortIndex mark : {9, 9}) push(hold, pool, target(1), mark);
  for (const PortIndex mark : {3, 4, 9}) push(hold, pool, target(2), mark);
  unsigned dropped = 0;
  hold.drop_if([](const Neighbor&, const HeldFrame& held) { return held.in_port == 9; },
               [&](const HeldFrame& held) {
                 rte_pktmbuf_free(held.mbuf);
                 ++dropped;
               });
  CHECK(dropped == 4);
  CHECK(hold.held() == 4);
  CHECK_FALSE(hold.holds(target(1)));
  CHECK(take(hold, target(0)) == std::vector<PortIndex>{1, 2});
  CHECK(take(hold, target(2)) == std::vector<PortIndex>{3, 4});
  CHECK(hold.empty());
}

}  // namespace godwit::test
