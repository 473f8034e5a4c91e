// A DPDK program of somebody else's that has godwit inside: it opens its devices, polls them on an
// lcore of its own, and does godwit's control work on its main thread, beside its own business.
//
//     nfv-gateway EAL-ARGUMENTS -- CONFIG
//
// The devices of EAL are the ports of the configuration, in the order of both. Its business is a
// line at a time on standard input, with an answer of one line:
//
//     open PORT                receive from now on
//     hint KIND BODY           what a VM manager says
//     find BRIDGE ADDRESS      where a host is
//     count PORT               frames
//
// The end of the input ends it.
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <godwit/gateway.h>
#include <poll.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <unistd.h>

namespace {

constexpr uint16_t kBurst = 32;
constexpr unsigned kMbufs = 8191;

uint64_t now_ns() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::nanoseconds(now).count());
}

struct Program {
  godwit::Gateway& gateway;
  std::vector<std::atomic<bool>> open;  // by port
  std::atomic<bool> ends{false};
};

void send(std::span<const godwit::PortBurst> bursts) {
  for (const auto& [port, frames] : bursts) {
    const auto count = static_cast<uint16_t>(frames.size());
    const uint16_t sent = rte_eth_tx_burst(port, 0, frames.data(), count);
    rte_pktmbuf_free_bulk(&frames[sent], count - sent);
  }
}

// The worker. A round is worth while without a frame, too: control may have asked for something.
int poll_devices(void* argument) {
  Program& program = *static_cast<Program*>(argument);
  std::array<rte_mbuf*, kBurst> frames;
  while (!program.ends) {
    send(program.gateway.process(0, 0, {}, now_ns()));
    for (uint16_t port = 0; port < program.gateway.port_count(); ++port) {
      if (!program.open[port]) continue;
      const uint16_t count = rte_eth_rx_burst(port, 0, frames.data(), kBurst);
      if (count > 0) send(program.gateway.process(0, port, {frames.data(), count}, now_ns()));
    }
  }
  return 0;
}

std::string where(const godwit::Gateway& gateway, const std::string& bridge,
                  const std::string& address) {
  const auto host = gateway.find(bridge, address);
  if (!host) return "unknown";
  std::string text = host->port ? gateway.port_name(*host->port) : "here";
  text.append(" ").append(host->state);
  for (const std::string& ip : host->ips) text += " " + ip;
  return text;
}

std::string count(const godwit::Gateway& gateway, uint16_t port) {
  const auto counters = gateway.counters(port);
  std::ostringstream text;
  text << counters.received << " received, " << counters.forwarded << " forwarded, "
       << counters.sent << " sent";
  for (const auto& [reason, frames] : gateway.drops(port)) text << ", " << frames << " " << reason;
  return text.str();
}

std::string answer(Program& program, const std::string& line) {
  std::istringstream words(line);
  std::string verb;
  std::string what;
  std::string rest;
  words >> verb >> what;
  std::getline(words >> std::ws, rest);
  if (verb == "find") return where(program.gateway, what, rest);
  if (verb == "hint") {
    const std::string refusal = program.gateway.hint(what, rest, now_ns());
    return refusal.empty() ? "done" : refusal;
  }
  const auto port = program.gateway.port(what);
  if (!port) return "no such port";
  if (verb == "count") return count(program.gateway, *port);
  if (verb != "open") return "no such verb";
  program.open[*port] = true;
  return "done";
}

// The control thread: godwit's work every millisecond, and a line of input now and then.
void run_control(Program& program) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  std::string line;
  while (true) {
    program.gateway.run_due(now_ns());
    if (poll(&input, 1, 1) <= 0) continue;
    char octet = 0;
    if (read(STDIN_FILENO, &octet, 1) != 1) return;
    if (octet != '\n') {
      line += octet;
      continue;
    }
    std::cout << answer(program, line) << std::endl;
    line.clear();
  }
}

void open_device(uint16_t port, rte_mempool* mbufs) {
  const rte_eth_conf conf{};
  const bool started = rte_eth_dev_configure(port, 1, 1, &conf) == 0 &&
                       rte_eth_rx_queue_setup(port, 0, 512, SOCKET_ID_ANY, nullptr, mbufs) == 0 &&
                       rte_eth_tx_queue_setup(port, 0, 512, SOCKET_ID_ANY, nullptr) == 0 &&
                       rte_eth_dev_start(port) == 0;
  if (!started) throw std::runtime_error("device " + std::to_string(port) + " does not start");
}

std::string read_file(const char* path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(std::string(path) + ": cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

void run(const char* config) {
  rte_mempool* const mbufs =
      rte_pktmbuf_pool_create("mbufs", kMbufs, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
  if (mbufs == nullptr) throw std::runtime_error("no memory for frames");
  godwit::Gateway gateway(read_file(config), {.mbufs = mbufs, .now_ns = now_ns()});
  const uint16_t ports = gateway.port_count();
  if (rte_eth_dev_count_avail() < ports) throw std::runtime_error("more ports than devices");
  for (uint16_t port = 0; port < ports; ++port) open_device(port, mbufs);
  Program program{gateway, std::vector<std::atomic<bool>>(ports)};
  rte_eal_remote_launch(poll_devices, &program, rte_get_next_lcore(-1, 1, 0));
  run_control(program);
  program.ends = true;
  rte_eal_mp_wait_lcore();
  for (uint16_t port = 0; port < ports; ++port) rte_eth_dev_stop(port);
}

}  // namespace

int main(int argc, char** argv) {
  const int of_eal = rte_eal_init(argc, argv);
  if (of_eal < 0 || argc - of_eal != 2 || rte_lcore_count() < 2) {
    std::fputs("usage: nfv-gateway EAL-ARGUMENTS -- CONFIG     with two lcores\n", stderr);
    return 2;
  }
  try {
    run(argv[of_eal + 1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  rte_eal_cleanup();
  return 0;
}
