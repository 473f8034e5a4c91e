// Traces and captures of live traffic: what control shows of what a worker wrote.

#include "dataplane/tap.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "control/capture_reader.h"
#include "test/stage/api_bench.h"
#include "test/unit/temporary_directory.h"

namespace godwit::test {
namespace {

using Catch::Contains;
using frames::kPeer;
using frames::kVm;

struct Scene : ApiBench {
  Scene() : ApiBench(config(directory())) {}

  static const TemporaryDirectory& directory() {
    static const TemporaryDirectory made;
    return made;
  }
  static std::string config(const TemporaryDirectory& captures) {
    return fmt::format(R"(
ports: {{server1: {{}}, server2: {{}}, uplink: {{}}}}
bridges:
  tenant:
    vlan: 10
    ports: [server1, server2, {{port: uplink, tagged: true}}]
control: {{captures: "{}"}}
)",
                       captures.path());
  }

  Json capture_to(std::string_view file, std::string_view more = "") {
    const Answered started =
        ask("POST", "/v1/pcap/start", fmt::format(R"({{"file": "{}"{}}})", file, more));
    REQUIRE(started.status == 200);
    return started.json()["capture"];
  }
  Json stop_capture() { return ask("POST", "/v1/pcap/stop").json()["capture"]; }
  bool is_observed() const { return bench.worker.observed() != nullptr; }
};

std::vector<Octets> frames_of(const std::string& file, std::string_view interface) {
  CaptureStream stream(CaptureFile::open(Scene::directory() / file), interface);
  std::vector<Octets> frames;
  while (const auto frame = stream.next())
    frames.emplace_back(frame->bytes.begin(), frame->bytes.end());
  return frames;
}

}  // namespace

TEST_CASE("a trace tells what was done with the next frames of a host, and why", "[tap]") {
  Scene run;
  run.send(0, "server2", data(kPeer, kVm));
  CHECK(run.ask("POST", "/v1/trace/start", R"({"mac": "52:54:00:00:00:02", "frames": 3})").status ==
        200);
  CHECK(run.is_observed());
  run.send(1, "server1", frames::kLinuxGarp);
  run.send(2, "server2", data(Mac{0x525400000007}, kPeer));  // not the host's
  run.send(3, "server1", data(kVm, kPeer));
  run.send(4, "server1", data(Mac{0x525400000007}, kVm));
  run.send(5, "server1", data(kVm, kPeer));  // one too many
  CHECK_FALSE(run.is_observed());
  const Json answer = run.get("/v1/trace");
  CHECK(answer["trace"]["running"] == false);
  const Json& frames = answer["frames"];
  REQUIRE(frames.size() == 3);
  CHECK(frames[0]["kind"] == "gratuitous ARP request");
  CHECK(frames[0]["fate"] == "flooded");
  CHECK(frames[0]["out"] == Json({"server2", "uplink"}));
  CHECK(frames[0]["stages"].back()["what"] == "to server2, uplink (tagged 10)");
  CHECK(frames[1]["fate"] == "forwarded");
  CHECK(frames[1]["out"] == Json({"server2"}));
  CHECK(frames[1]["at_ns"] == 3);
  CHECK(frames[2]["drop"] == "hairpin");
  CHECK_THAT(frames[2]["stages"].back()["what"].get<std::string>(),
             Contains("52:54:00:00:00:02 is at server1, where the frame came from"));
}

TEST_CASE("a trace ends with its time, and knows hosts by address and port too", "[tap]") {
  Scene run;
  run.ask("POST", "/v1/trace/start", R"({"ip": "10.9.0.2", "port": "server2", "time": "2s"})");
  run.send(1, "server1", frames::kLinuxGarp);
  run.send(1, "server2", frames::kLinuxGarp);
  run.send(1, "server2", data(kPeer, kVm));
  run.send(kSecond, "server2", {1, 2, 3});  // a runt names nobody
  CHECK(run.is_observed());
  CHECK(run.get("/v1/trace")["frames"].size() == 1);
  run.send(2 * kSecond, "server1", data(kVm, kPeer));
  CHECK_FALSE(run.is_observed());
  run.ask("POST", "/v1/trace/start");  // of whatever comes
  run.send(3 * kSecond, "server2", {1, 2, 3});
  CHECK(run.get("/v1/trace")["frames"][0]["drop"] == "runt");
  run.ask("POST", "/v1/trace/stop");
  CHECK_FALSE(run.is_observed());
}

TEST_CASE("a capture has what ports took and gave, each under its name", "[tap]") {
  Scene run;
  const Octets frame = data(kVm, Mac{0x525400000008});
  run.capture_to("both.pcapng");
  run.send(0, "server1", frame);
  CHECK(run.stop_capture()["frames"] == 3);
  CHECK(frames_of("both.pcapng", "server1") == std::vector<Octets>{frame});
  CHECK(frames_of("both.pcapng", "server2") == std::vector<Octets>{frame});
  CHECK(frames_of("both.pcapng", "uplink") == std::vector<Octets>{tagged(frame, 10)});
  run.capture_to("in.pcapng", R"(, "what": "in", "snaplen": 16, "mac": "52:54:00:00:00:02")");
  run.send(1, "server1", frame);
  run.send(1, "server1", data(kPeer, Mac{0x525400000008}));
  CHECK(run.stop_capture()["frames"] == 1);
  CHECK(frames_of("in.pcapng", "server1") ==
        std::vector<Octets>{Octets(frame.begin(), frame.begin() + 16)});
  run.capture_to("out.pcapng", R"(, "what": "out", "port": "uplink")");
  run.bench.narrow("uplink", 0);
  run.send(2, "server1", frame);  // it is not taken
  run.bench.narrow("uplink", UINT16_MAX);
  run.send(3, "server1", frame);
  CHECK(run.stop_capture()["frames"] == 1);
  CHECK_FALSE(run.is_observed());
}

TEST_CASE("a capture of drops tells the reason of each", "[tap]") {
  Scene run;
  run.capture_to("drops.pcapng", R"(, "what": "drops")");
  run.send(0, "server1", data(kVm, kPeer));  // flooded
  run.send(1, "server1", data(kPeer, kVm));
  run.send(2, "uplink", data(kPeer, kVm));
  run.bench.narrow("server2", 0);
  run.send(3, "server1", data(kVm, Mac{0x525400000008}));
  CHECK(run.stop_capture()["frames"] == 3);
  CHECK(frames_of("drops.pcapng", "server1") == std::vector<Octets>{data(kPeer, kVm)});
  const std::string file = read_file(Scene::directory() / "drops.pcapng");
  for (const char* reason : {"hairpin", "vlan-mismatch", "tx-full"})
    CHECK_THAT(file, Contains(reason));
}

TEST_CASE("a capture ends at its limits, and is one at a time", "[tap]") {
  Scene run;
  run.capture_to("frames.pcapng", R"(, "what": "in", "frames": 2)");
  for (const auto& [body, status] :
       std::map<std::string, unsigned>{{R"({"file": "more.pcapng"})", 409},
                                       {R"({"file": "../x"})", 409},
                                       {R"({})", 400},
                                       {R"({"file": "x", "what": "drop"})", 400}})
    CHECK(run.ask("POST", "/v1/pcap/start", body).status == status);
  for (Nanos now = 0; now < 5; ++now) run.send(now, "server1", data(kVm, kPeer));
  CHECK(run.get("/v1/pcap")["capture"]["ended"] == "frames");
  CHECK(frames_of("frames.pcapng", "server1").size() == 2);
  for (const char* file : {"frames.pcapng", "../x", ".x", ""})
    CHECK(run.ask("POST", "/v1/pcap/start", fmt::format(R"({{"file": "{}"}})", file)).status ==
          (*file == 'f' ? 409 : 400));
  run.capture_to("octets.pcapng", R"(, "octets": 1)");
  run.send(6, "server1", data(kVm, kPeer));
  CHECK(run.get("/v1/pcap")["capture"]["ended"] == "octets");
  run.capture_to("time.pcapng", R"(, "time": "1s")");
  run.send(7 + kSecond, "server1", data(kVm, kPeer));
  CHECK(run.get("/v1/pcap")["capture"]["ended"] == "time");
  CHECK(run.ask("POST", "/v1/pcap/stop").status == 409);
}

TEST_CASE("what a full ring refuses is counted, and traffic goes on", "[tap]") {
  constexpr unsigned kFrames = 5000;  // more octets than a ring has
  Scene run;
  const Octets frame = padded(data(kVm, kPeer), 1400);
  run.capture_to("full.pcapng", R"(, "what": "in")");
  for (unsigned n = 0; n < kFrames; ++n) CHECK(run.bench.send(n, "server1", frame).size() == 2);
  const Json capture = run.stop_capture();
  CHECK(capture["lost"] > 0);
  CHECK(capture["frames"].get<unsigned>() + capture["lost"].get<unsigned>() == kFrames);
  CHECK(frames_of("full.pcapng", "server1").size() == capture["frames"]);
}

}  // namespace godwit::test
