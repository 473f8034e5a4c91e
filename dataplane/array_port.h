// A port over arrays: frames are handed to it, and what leaves it is handed on. Replay runs on
// these, and so does a program that drives the pipeline itself.
#pragma once

#include <cstddef>
#include <vector>

#include <rte_mbuf.h>

#include "dataplane/port.h"

#include "lib/units.h"

namespace godwit {

class ArrayPort final : public Port {
 public:
  // Takes what leaves a port; the frame is its to free. Called by the worker's thread.
  class Sink {
   public:
    virtual ~Sink() = default;
    virtual void sent(const ArrayPort& port, rte_mbuf* frame) = 0;
  };

  ArrayPort(PortIndex index, Sink& sink) : index_(index), sink_(sink) {}
  ~ArrayPort() override;
  ArrayPort(const ArrayPort&) = delete;
  ArrayPort& operator=(const ArrayPort&) = delete;

  PortIndex index() const { return index_; }

  // Gives the port a frame to receive, and its ownership.
  void offer(rte_mbuf* frame) { waiting_.push_back(frame); }

  uint16_t rx(rte_mbuf** frames, uint16_t count) override;
  uint16_t tx(rte_mbuf** frames, uint16_t count) override;

 private:
  PortIndex index_;
  Sink& sink_;
  std::vector<rte_mbuf*> waiting_;
  size_t taken_ = 0;  // of waiting_
};

}  // namespace godwit
