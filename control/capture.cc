#include "control/capture.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <span>
#include <utility>

namespace godwit {
namespace {

constexpr size_t kOctetsATurn = size_t{1} << 20;

FrameRecord read(std::span<const uint8_t> octets) {
  FrameRecord record;
  std::memcpy(&record, octets.data(), sizeof record);
  return record;
}

PcapngWriter::Direction direction_of(const FrameRecord& record) {
  const bool is_outbound =
      record.way == Way::kOut || (record.way == Way::kDropped && record.why == Drop::kTxFull);
  return is_outbound ? PcapngWriter::Direction::kOutbound : PcapngWriter::Direction::kInbound;
}

uint32_t snaplen_of(const Capture::Order& order) {
  return order.wish.snaplen == UINT32_MAX ? 0 : order.wish.snaplen;
}

// The ring whose next record is the oldest of all; nullptr when all are empty.
RecordRing* oldest(const std::vector<std::shared_ptr<CaptureLine>>& lines) {
  RecordRing* first = nullptr;
  Nanos first_at = kNever;
  for (const auto& line : lines) {
    const std::span<const uint8_t> octets = line->ring.front();
    if (octets.empty() || read(octets).at >= first_at) continue;
    first = &line->ring;
    first_at = read(octets).at;
  }
  return first;
}

}  // namespace

void Capture::start(Order order, Nanos now) {
  auto file = std::make_unique<PcapngWriter>(order.path);
  std::unordered_map<PortIndex, Interface> interfaces;
  for (size_t p = 0; p < topology_.ports().size(); ++p) {
    const auto port = static_cast<PortIndex>(p);
    const PortContext& context = topology_.port(port);
    if (order.wish.port.value_or(port) != port || context.absent) continue;
    interfaces[port] = {file->add_interface(context.name, snaplen_of(order)), context.name};
  }
  file->flush();
  file_ = std::move(file);
  interfaces_ = std::move(interfaces);
  order_ = std::move(order);
  until_ = order_.time == kNever ? kNever : now + order_.time;
  frames_ = lost_ = 0;
  octets_ = file_->octets();
  ended_.clear();
  taps_.capture(order_.wish);
}

// With what is in the rings until now.
void Capture::stop() {
  if (!is_running()) return;
  write_some(std::numeric_limits<size_t>::max());
  if (is_running()) end("stopped");
}

void Capture::follow() {
  if (!is_running() || !order_.wish.port || !topology_.port(*order_.wish.port).absent) return;
  write_some(std::numeric_limits<size_t>::max());
  if (is_running()) end("port");
}

// A port that came since the file began has its interface when its first frame is written.
uint32_t Capture::interface_of(PortIndex port) {
  Interface& interface = interfaces_[port];
  const std::string& name = topology_.port(port).name;
  if (interface.name == name) return interface.number;
  interface = {file_->add_interface(name, snaplen_of(order_)), name};
  return interface.number;
}

void Capture::turn(Nanos now, Nanos unix_time) {
  if (!is_running()) {
    epoch_ = unix_time - now;  // and then stays, so that no step of the wall's clock shows
    return;
  }
  write_some(kOctetsATurn);
  if (is_running() && now >= until_) end("time");
}

void Capture::write_some(size_t most_octets) {
  lost_ = 0;
  for (const auto& line : taps_.capture_lines()) lost_ += line->lost;
  try {
    for (size_t done = 0; done < most_octets && !is_full();) {
      RecordRing* const ring = oldest(taps_.capture_lines());
      if (ring == nullptr) break;
      done += ring->front().size();
      write(ring->front());
      ring->pop();
    }
    file_->flush();
    if (is_full()) end(frames_ >= order_.frames ? "frames" : "octets");
  } catch (const WriteError& error) {
    end(error.what());
  }
}

void Capture::write(std::span<const uint8_t> octets) {
  const FrameRecord record = read(octets);
  file_->write(
      {.interface = interface_of(record.port),
       .at = epoch_ + record.at,
       .direction = direction_of(record),
       .octets = octets.subspan(sizeof record, record.captured),
       .length = record.length,
       .comment = record.way == Way::kDropped ? to_string(record.why) : std::string_view()});
  ++frames_;
  octets_ = file_->octets();
}

void Capture::end(std::string why) {
  ended_ = std::move(why);
  file_.reset();
  taps_.end_capture();
}

}  // namespace godwit
