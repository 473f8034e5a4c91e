// libgodwit: godwit's switch and gateway inside a DPDK program of your own. You receive, you send,
// and you own the threads; it says where each frame goes.
//
//     godwit::Gateway gateway(yaml, {.mbufs = pool, .workers = 2, .now_ns = now()});
//
//     // each worker thread, for each port that it receives from
//     n = rte_eth_rx_burst(dpdk_port, queue, frames, 32);
//     for (const auto& out : gateway.process(worker, port, {frames, n}, now()))
//       ... send out.frames at out.port, and free what was not sent
//
//     // one control thread, every millisecond or so
//     gateway.run_due(now());
//
// Time. Every `now_ns` is nanoseconds of one clock of the caller's that does not run backward:
// CLOCK_MONOTONIC, or the TSC. The library reads no clock, but for the date that goes into messages
// between switches (`forget`).
//
// Threads. There are `workers` workers, numbered from 0; any thread may be a worker, one at a time
// for each number. The control thread is whichever calls what is marked as control's, one at a
// time. No thread ever waits for another: workers learn and move hosts by themselves, and if
// control stands still, traffic flows. A thread that is an lcore of EAL's, or was given to
// rte_thread_register(), allocates buffers faster.
//
// Frames are mbufs as a port without VLAN offload receives them: the whole frame, from its Ethernet
// header on, tags included, without FCS. At least the headers are in the first segment; frames that
// are routed and fragmented are in one. What goes out is as it came in, but for tags and what a
// router changes; checksums are complete in software, and no offload is asked for.
//
// Errors. The constructor throws; nothing else does, but for want of memory (std::bad_alloc).
// Indices and names of ports are those of the configuration, in its order; an index out of range is
// the caller's mistake and is not checked.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct rte_mbuf;
struct rte_mempool;

namespace godwit {

struct GatewayParts;

struct GatewayOptions {
  // Of packet buffers (rte_pktmbuf_pool_create) with the usual headroom: copies of flooded frames,
  // answers and probes come from it. The caller's, and outlives the gateway and its frames.
  rte_mempool* mbufs = nullptr;
  uint16_t workers = 1;  // 1 .. 64, in place of the configuration's workers.count
  uint64_t now_ns = 0;   // the present
};

// Frames to send at a port.
struct PortBurst {
  uint16_t port;
  std::span<rte_mbuf*> frames;
};

class Gateway {
 public:
  // `config` is the text of a configuration, godwit.yaml(5); `device` of a port is not used, and
  // every port has a link until set_link() says otherwise. Needs a started EAL. Throws
  // std::invalid_argument with a line "LINE:COLUMN: what is wrong" for each error, and
  // std::runtime_error or std::bad_alloc when memory is short. Tables are taken here, as large as
  // the configuration says.
  Gateway(std::string_view config, const GatewayOptions& options);
  // After the last call of any thread. Frames that wait inside are freed.
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  uint16_t port_count() const;
  std::optional<uint16_t> port(std::string_view name) const;
  const std::string& port_name(uint16_t port) const;

  // ---- A worker's ----

  // A burst that came in at `port`, which may be empty. Takes the frames; those to send are the
  // caller's, also when its port does not take them. A frame may be in several of the bursts that
  // come back, each time with a reference of its own. There is one burst a port, good until the
  // worker's next call; a burst may hold more frames than came in.
  //
  // Call it once a millisecond also when nothing comes in, with no frames: it then sends what
  // control asked for, and what waited. It takes no lock, makes no system call, and allocates
  // nothing once its lists are as long as the longest burst.
  std::span<const PortBurst> process(uint16_t worker, uint16_t port,
                                     std::span<rte_mbuf* const> frames, uint64_t now_ns);

  // ---- The control thread's ----

  // Does what is due: aging, probes, verdicts, announcements. Takes about a millisecond at most.
  void run_due(uint64_t now_ns);

  // What a VM manager or an operator says, as in the API's POST /v1/hints/KIND:
  //     hint("prepare", R"({bridge: tenant, mac: "52:54:00:00:00:02", to: server2})", now_ns)
  // `kind` is prepare, suspend, commit, cancel, resume, leave, flush, announce or link. Empty when
  // it is done; else why not.
  std::string hint(std::string_view kind, std::string_view body, uint64_t now_ns);

  // The link of a port came or went: hosts there are dead at once for every worker.
  void set_link(uint16_t port, bool up, uint64_t now_ns);

  struct Host {
    std::array<uint8_t, 6> mac{};
    std::optional<uint16_t> port;  // none: it is the gateway itself
    std::string_view state;  // "bound", "settling", "testing", "migrating", "offline", "frozen"
    std::vector<std::string> ips;  // sorted; those that control has heard of
  };
  // Where the host is that has this address, a MAC or an IP; nothing if it is not known.
  std::optional<Host> find(std::string_view bridge, std::string_view address) const;

  // ---- Any thread's; a moment old while workers run ----

  // Of all workers together. Every frame that came in is one of the middle four.
  struct Counters {
    uint64_t received = 0;
    uint64_t forwarded = 0;   // to one port or to many
    uint64_t consumed = 0;    // was for the gateway
    uint64_t held = 0;        // now: for a neighbor that is asked for, or a host that stands still
    uint64_t dropped = 0;     // for all reasons
    uint64_t sent = 0;        // given to the caller to send
    uint64_t originated = 0;  // of these, the gateway's own
  };
  Counters counters(uint16_t port) const;
  // Of what came in at the port: reasons that are not 0, by the names of docs/architecture.md.
  std::vector<std::pair<std::string_view, uint64_t>> drops(uint16_t port) const;

 private:
  std::unique_ptr<GatewayParts> parts_;
};

}  // namespace godwit
