// A whole switch on virtual time, for one input of the pipeline fuzzer: what Replay is for
// captures. It keeps watch over what must hold whatever the frames are, and aborts when it does
// not.
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "control/control.h"
#include "test/fuzz/pipeline_frames.h"
#include "test/fuzz/pipeline_scenes.h"

#include "dataplane/quiescence.h"
#include "dataplane/tables.h"
#include "dataplane/worker.h"

namespace godwit::test {

class World final : private BurstObserver {
 public:
  explicit World(Scene& scene);
  ~World() override;
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  size_t ports() const { return ports_.size(); }
  size_t bridges() const { return scene_.config.bridges.size(); }
  const Topology& topology() const { return scene_.topology; }
  // A frame for a port to receive in the next round, if there is a buffer for it.
  void offer(PortIndex port, const Octets& frame, bool no_headroom = false);
  // In the next round the port takes so many frames at most.
  void narrow(PortIndex port, uint16_t room) { ports_[port]->room = room; }
  // In the next round there is no buffer to be had.
  void starve() { starved_ = true; }
  // What an operator says.
  void hear(const Hint& hint);
  // A frame that has left lately; empty if there is none.
  Octets sent(size_t back) const;

  // Lets what was offered come in, and time run on.
  void run_for(Nanos time);
  // Ends every story: nothing but what the config says may be left.
  void settle();

  uint64_t received() const;

 private:
  class FramePort final : public Port {
   public:
    explicit FramePort(World& world) : world_(world) {}
    ~FramePort() override;
    uint16_t rx(rte_mbuf** frames, uint16_t count) override;
    uint16_t tx(rte_mbuf** frames, uint16_t count) override;

    std::deque<rte_mbuf*> waiting;
    uint16_t room = UINT16_MAX;

   private:
    World& world_;
  };

  void seen(const Burst& burst, Nanos now) override;
  void sent(rte_mbuf* frame);
  void play();
  void rounds();
  void work_until(Nanos instant);
  void wait_for_held();
  void starve_round(std::vector<rte_mbuf*>& buffers, rte_mempool* pool);
  void check_counters() const;
  void check_buffers() const;
  void check_fdb() const;
  void check_neighbors() const;
  size_t waiting() const;

  Scene& scene_;
  Channel* channels_[1];
  Tables tables_;
  std::vector<std::unique_ptr<FramePort>> ports_;
  std::vector<Port*> port_list_;
  Quiescence quiescence_;
  std::unique_ptr<Worker> worker_;
  std::unique_ptr<Control> control_;
  std::deque<Octets> sent_;
  Nanos now_ = 0;
  unsigned turns_ = 0;  // at this instant
  bool starved_ = false;
};

}  // namespace godwit::test
