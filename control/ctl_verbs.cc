#include "control/ctl_command.h"

namespace godwit {
namespace {

using A = CtlArgument;
using V = CtlValue;
using L = CtlLayout;

constexpr A kBridge{"bridge", V::kBridge};
constexpr A kPort{"port", V::kPort};
constexpr A kMac{"mac", V::kMac};
constexpr A kNeedBridge{"bridge", V::kBridge, true};
constexpr A kNeedPort{"port", V::kPort, true};
constexpr A kNeedMac{"mac", V::kMac, true};
constexpr A kIps{"ips", V::kIps};
constexpr A kFrom{"from", V::kPort};
constexpr A kNeedTo{"to", V::kPort, true};
constexpr A kGeneration{"generation"};
constexpr A kLimit{"limit"};
constexpr A kLast{"last"};

constexpr A kFdbShow[] = {kBridge, kPort, kMac, {"state"}, {"class"}, kLimit};
constexpr A kFdbAdd[] = {kNeedBridge, kNeedMac, kNeedPort, {"ip", V::kIp}};
constexpr A kFdbDel[] = {kNeedBridge, kNeedMac};
constexpr A kFdbFlush[] = {kBridge, kPort, kMac};
constexpr A kNeighborShow[] = {kBridge, kPort, kMac, {"ip", V::kIp}, {"state"}, kLimit};
constexpr A kNeighborFlush[] = {kBridge, kPort, kMac, {"family"}};
constexpr A kMoveShow[] = {kBridge, kPort, kMac, {"verdict"}, kLast, kLimit};
constexpr A kAlarmShow[] = {kBridge, kPort, {"kind"}, kLast, kLimit};
constexpr A kPrepare[] = {kNeedBridge, kMac, kFrom, kNeedTo, kIps, {"ttl"}, kGeneration};
constexpr A kCommit[] = {kNeedBridge, kMac, kNeedTo, kFrom, kIps, kGeneration};
constexpr A kStep[] = {kNeedBridge, kMac, kIps, kGeneration};
constexpr A kAnnounce[] = {kNeedBridge};
constexpr A kLink[] = {kNeedPort, {"state", V::kText, true}};
constexpr A kPortShow[] = {kPort};
constexpr A kBridgeShow[] = {kBridge};
constexpr A kIp{"ip", V::kIp};
constexpr A kTraceStart[] = {kMac, kIp, kPort, {"frames"}, {"time"}};
constexpr A kPcapStart[] = {{"file", V::kText, true},
                            kPort,
                            {"what"},
                            kMac,
                            kIp,
                            {"snaplen"},
                            {"frames"},
                            {"octets"},
                            {"time"}};
constexpr A kCheck[] = {{"file", V::kFile, true}};

constexpr CtlVerb kVerbs[] = {
    {"fdb", "show", "GET", "/v1/fdb", L::kFdb, "where each MAC is", kFdbShow},
    {"fdb", "add", "POST", "/v1/fdb", L::kQuiet, "pin a host to a port", kFdbAdd},
    {"fdb", "del", "DELETE", "/v1/fdb", L::kQuiet, "forget where a host is, also a pinned one",
     kFdbDel},
    {"fdb", "flush", "POST", "/v1/fdb/flush", L::kQuiet,
     "forget the hosts of a port or bridge, one host, or all, with their addresses", kFdbFlush},
    {"neighbor", "show", "GET", "/v1/neighbors", L::kNeighbors, "whose each IP address is",
     kNeighborShow},
    {"neighbor", "flush", "POST", "/v1/neighbors/flush", L::kQuiet,
     "forget whose addresses are, and not where hosts are", kNeighborFlush},
    {"move", "show", "GET", "/v1/moves", L::kMoves, "claims to a location, and what became of them",
     kMoveShow},
    {"move",
     "follow",
     "GET",
     "/v1/events",
     L::kFollow,
     "moves, alarms and links as they happen",
     {}},
    {"hint", "prepare", "POST", "/v1/hints/prepare", L::kQuiet,
     "a VM will move: the first frame at its new place moves it", kPrepare},
    {"hint", "suspend", "POST", "/v1/hints/suspend", L::kQuiet,
     "a VM stands still: hold what is for it", kStep},
    {"hint", "commit", "POST", "/v1/hints/commit", L::kQuiet, "a VM is at its new place", kCommit},
    {"hint", "cancel", "POST", "/v1/hints/cancel", L::kQuiet, "a VM will not move after all",
     kStep},
    {"hint", "resume", "POST", "/v1/hints/resume", L::kQuiet, "a VM runs again where it was",
     kStep},
    {"hint", "leave", "POST", "/v1/hints/leave", L::kQuiet, "a VM is gone", kStep},
    {"hint", "announce", "POST", "/v1/hints/announce", L::kQuiet,
     "make the gateway's addresses known once more", kAnnounce},
    {"hint", "link", "POST", "/v1/hints/link", L::kQuiet, "the link of a port is up or down",
     kLink},
    {"port", "show", "GET", "/v1/ports", L::kPorts, "ports, links and counts", kPortShow},
    {"bridge", "show", "GET", "/v1/bridges", L::kBridges, "bridges and their members", kBridgeShow},
    {"stats", "show", "GET", "/v1/stats", L::kStats, "all that is counted", {}},
    {"worker", "show", "GET", "/v1/workers", L::kWorkers, "what each worker does", {}},
    {"alarm", "show", "GET", "/v1/alarms", L::kAlarms, "what somebody should look at", kAlarmShow},
    {"trace", "start", "POST", "/v1/trace/start", L::kTraceState,
     "follow the next frames of a host through the stages", kTraceStart},
    {"trace", "show", "GET", "/v1/trace", L::kTrace, "what was done with them, and why", {}},
    {"trace", "stop", "POST", "/v1/trace/stop", L::kQuiet, "wait for no more of them", {}},
    {"pcap", "start", "POST", "/v1/pcap/start", L::kCapture,
     "capture frames of ports, or those that are dropped, to a file", kPcapStart},
    {"pcap", "show", "GET", "/v1/pcap", L::kCapture, "how far the capture is", {}},
    {"pcap", "stop", "POST", "/v1/pcap/stop", L::kCapture, "end it", {}},
    {"config", "check", "POST", "/v1/config/check", L::kCheck,
     "say all that is wrong with a configuration file", kCheck},
    {"config",
     "reload",
     "POST",
     "/v1/config/reload",
     L::kQuiet,
     "read the configuration again, and run by it",
     {}},
    {"version", "show", "GET", "/v1/version", L::kVersion, "of the godwit that runs", {}},
};

}  // namespace

std::span<const CtlVerb> ctl_verbs() { return kVerbs; }

}  // namespace godwit
