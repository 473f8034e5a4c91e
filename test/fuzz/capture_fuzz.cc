// Any octets at all as a capture. The sanitizers watch for reads out of bounds; the checks here
// hold what control/capture_reader.h and control/capture_merge.h promise.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

#include "control/capture_merge.h"
#include "control/capture_reader.h"

namespace godwit {
namespace {

void require(bool promise) {
  if (!promise) std::abort();
}

uint64_t count_frames(const std::shared_ptr<const CaptureFile>& file) {
  CaptureStream stream(file);
  const uint8_t* const begin = file->bytes().data();
  const uint8_t* previous_end = begin;
  Nanos last = 0;
  uint64_t count = 0;
  for (; const auto frame = stream.next(); count++) {
    require(frame->absolute_ns >= last && frame->absolute_ns >> 63 == 0);
    require(frame->bytes.size() <= frame->original_length);
    require(frame->bytes.data() >= previous_end);
    require(frame->bytes.data() + frame->bytes.size() <= begin + stream.offset());
    last = frame->absolute_ns;
    previous_end = frame->bytes.data() + frame->bytes.size();
  }
  require(stream.offset() == file->bytes().size());
  require(stream.clamped() + stream.unstamped() <= 2 * count && stream.cut() <= count);
  return count;
}

// The frames of all the interfaces, each read by its name, are the frames of the file.
void merge_interfaces(const std::shared_ptr<const CaptureFile>& file, uint64_t frames) {
  CaptureMerge merge;
  PortIndex port = 0;
  for (const auto& interface : file->named_interfaces())
    merge.add(port++, CaptureStream(file, interface.name));
  MergedFrame merged;
  Nanos last = 0;
  uint64_t count = 0;
  for (; const auto time = merge.peek_time(); count++) {
    require(merge.next(merged) && merged.frame.absolute_ns == *time && *time >= last);
    last = *time;
  }
  require(count == frames && merge.consumed_bytes() == merge.total_bytes());
}

void check_capture(std::span<const uint8_t> bytes) {
  const auto file = CaptureFile::from_bytes("fuzz", bytes);
  const uint64_t frames = count_frames(file);
  if (file->is_pcapng()) merge_interfaces(file, frames);
}

}  // namespace
}  // namespace godwit

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    godwit::check_capture({data, size});
  } catch (const godwit::CaptureError&) {  // a refusal is an answer
  }
  return 0;
}
