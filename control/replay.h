// Captures through the pipeline, on virtual time: the same stages and the same control as on live
// ports, one worker, and a clock that is the captures' own.
//
// The same captures, config and options give the same octets and the same report, always.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "control/capture_merge.h"
#include "control/capture_writer.h"
#include "control/control.h"

#include "dataplane/array_port.h"
#include "dataplane/fib.h"
#include "dataplane/orders.h"
#include "dataplane/quiescence.h"
#include "dataplane/tables.h"
#include "dataplane/topology.h"
#include "dataplane/worker.h"

#include "lib/hints.h"

namespace godwit {

// A frame of the captures on its way.
struct PlayedFrame {
  uint64_t number = 0;  // in the order of play, from 1
  CapturedFrame captured;
};

class Replay final : private BurstObserver, private ArrayPort::Sink {
 public:
  // `captures` are the frames that the ports of `topology` received. `outputs`, when given, gets
  // what they send. Both, and the topology, must outlive the replay. Needs a started Eal.
  Replay(const Topology& topology, CaptureMerge& captures, CaptureDirectory* outputs);
  ~Replay() override;

  // Called for each burst behind the pipeline, with the captured frames that it was made of.
  std::function<void(const Burst&, std::span<const PlayedFrame>)> on_burst;
  // Called now and then with the share of the input that is done, 0 .. 1.
  std::function<void(double)> on_progress;

  // Plays all frames, then lets time run on until `until` from the first frame, if that is later.
  // `hints`, by time, are heard ahead of the frames of their instant, and must outlive the run.
  // Throws CaptureError.
  void run(std::span<const Hint> hints, std::optional<Nanos> until);

  const Topology& topology() const { return topology_; }
  const Tables& tables() const { return tables_; }
  const Control& control() const { return control_; }
  const Worker& worker() const { return worker_; }
  Nanos now() const { return now_; }           // since the first frame
  uint64_t frames_cut() const;                 // captured short
  uint64_t stamps_clamped() const;             // ran backward
  Nanos started_at() const { return epoch_; }  // the first frame's stamp

 private:
  struct FreePool {
    void operator()(rte_mempool* pool) const;
  };
  using Pool = std::unique_ptr<rte_mempool, FreePool>;
  static Pool make_pool(const char* name, unsigned count, uint16_t data_room);

  void seen(const Burst& burst, Nanos now) override;
  void unparked(const Burst& burst, Nanos now) override;
  void lost(uint64_t key, Nanos now) override;
  void sent(const ArrayPort& port, rte_mbuf* frame) override;
  void work_until(Nanos instant);
  void play_instant(Nanos absolute);
  void step_worker();
  void offer(const MergedFrame& frame);
  void account(const Burst& burst);
  void report_progress();

  const Topology& topology_;
  CaptureMerge& captures_;
  CaptureDirectory* outputs_;
  Pool pool_;
  Pool long_pool_;
  Tables tables_;
  Fib fib_;
  Channel channel_;
  Channel* channels_[1];
  std::vector<std::unique_ptr<ArrayPort>> ports_;
  Quiescence quiescence_;
  Worker worker_;
  Control control_;
  std::span<const Hint> hints_;  // still to come
  Nanos epoch_ = 0;
  Nanos now_ = 0;
  uint64_t bursts_ = 0;
  uint64_t frames_ = 0;
  std::vector<PlayedFrame> playing_;  // the burst under way
  std::vector<Location> delivered_;   // scratch of account()
};

}  // namespace godwit
