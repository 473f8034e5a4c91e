// A capture of live traffic into a pcapng: frames as ports take and give them, each port an
// interface of its name, or frames that are dropped, each with the reason as its comment. Workers
// copy frames into their taps' rings, and never wait; here the file is written, and the limits are
// kept.
//
// Control's thread only. A turn takes about a millisecond's work from the rings, so that control
// does its other work in between; what a full ring refused meanwhile is counted as lost.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>

#include "control/pcapng_writer.h"
#include "control/taps.h"

#include "dataplane/tap.h"
#include "dataplane/topology.h"

#include "lib/units.h"

namespace godwit {

class Capture {
 public:
  struct Order {
    std::string path;
    CaptureWish wish;
    // When to end.
    uint64_t frames = UINT64_MAX;
    uint64_t octets = UINT64_MAX;  // of the file
    Nanos time = kNever;
  };

  // Both must outlive this.
  Capture(const Topology& topology, Taps& taps) : topology_(topology), taps_(taps) {}
  ~Capture() { stop(); }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  // None may be running. Throws WriteError when the file cannot be made.
  void start(Order order, Nanos now);
  void stop();
  // The topology follows another config.
  void follow();
  // Control's turn: writes what the workers copied. `unix_time` is what the wall's clock says now.
  void turn(Nanos now, Nanos unix_time);

  bool is_running() const { return file_ != nullptr; }
  const Order& order() const { return order_; }  // of the last one; its path is empty: none yet
  uint64_t frames() const { return frames_; }
  uint64_t octets() const { return octets_; }
  uint64_t lost() const { return lost_; }
  // Why it is over: "stopped", "port" (it is gone), "frames", "octets", "time", or what went wrong
  // with the file.
  const std::string& ended() const { return ended_; }

 private:
  void write_some(size_t most_octets);
  void write(std::span<const uint8_t> record);
  uint32_t interface_of(PortIndex port);
  bool is_full() const { return frames_ >= order_.frames || octets_ >= order_.octets; }
  void end(std::string why);

  const Topology& topology_;
  Taps& taps_;
  // An interface of the file: a port, by the name that it had.
  struct Interface {
    uint32_t number = 0;
    std::string name;
  };

  Order order_;
  std::unique_ptr<PcapngWriter> file_;
  std::unordered_map<PortIndex, Interface> interfaces_;
  Nanos until_ = 0;
  Nanos epoch_ = 0;  // 1970, less than godwit's clock
  uint64_t frames_ = 0;
  uint64_t octets_ = 0;
  uint64_t lost_ = 0;
  std::string ended_;
};

}  // namespace godwit
