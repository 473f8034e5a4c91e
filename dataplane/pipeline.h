// The way of a packet, on one screen.
//
//   rx → classify → learn → guard → peer → resolve → route → bridge → flood → tx
//                     │       │       │       │        │
//                     └─ post ┴───────┴───────┴────────┴──→ control ──→ orders, which Worker::step
//                                                                       obeys
//
// A stage is a function over a whole burst, in a file of its own, with one loop over the frames. rx
// is Worker::step, which fills the burst; what `tx` queues is sent at the end of that round.
//
// Learning comes before forwarding for the whole burst: a frame that shows that a host has moved is
// followed by its own burst already, whichever of its frames comes first. Routing comes before
// bridging: a routed frame becomes one of its next hop's bridge, and takes the same last steps.
#pragma once

#include "dataplane/bridge.h"
#include "dataplane/classify.h"
#include "dataplane/flood.h"
#include "dataplane/guard.h"
#include "dataplane/learn.h"
#include "dataplane/peer.h"
#include "dataplane/resolve.h"
#include "dataplane/route.h"
#include "dataplane/tx.h"
#include "dataplane/worker.h"

namespace godwit {

template <bool kTimed>
void run_pipeline(Worker& worker, Burst& burst) {
  const auto run = [&](Stage stage, void (*work)(Worker&, Burst&)) {
    const StageTimer<kTimed> timer(worker.stage_stats, stage, burst.count);
    work(worker, burst);
  };
  run(Stage::kClassify, classify);  // read headers, find the bridge
  run(Stage::kLearn, learn);        // where is the source now?
  run(Stage::kGuard, guard);        // may its sender say this?
  run(Stage::kPeer, peer);          // what do other switches say?
  run(Stage::kResolve, resolve);    // what do ARP, RARP and ND say?
  run(Stage::kRoute, route);        // to the gateway: who is the next hop?
  run(Stage::kBridge, bridge);      // where is the destination?
  run(Stage::kFlood, flood);        // everywhere else
  run(Stage::kTx, tx);              // count, rewrite tags, queue
}

}  // namespace godwit
