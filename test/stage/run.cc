#include "test/stage/run.h"

#include <catch2/catch.hpp>

namespace godwit::test {

std::string Run::hear(Nanos now, std::string_view kind, std::string_view body) {
  until(now);
  const HintsResult parsed = parse_hint(kind, body, bench.topology.config());
  for (const ConfigMessage& error : parsed.errors) FAIL(error.text);
  std::string refusal = control.hear(parsed.hints.at(0), now);
  settle(now);
  return refusal;
}

void Run::log(Nanos now) {
  for (const PortContext& port : bench.topology.ports())
    for (Octets& frame : bench.sent(port.name))
      departed.push_back({now, port.name, std::move(frame)});
}

}  // namespace godwit::test
