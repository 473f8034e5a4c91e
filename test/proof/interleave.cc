#include "test/proof/interleave.h"

#include <utility>

namespace godwit::proof {
namespace {

uint64_t mix(uint64_t h, uint64_t v) {
  h = (h ^ v) * 0x9e3779b97f4a7c15;
  h ^= h >> 29;
  h *= 0xbf58476d1ce4e5b9;
  return h ^ h >> 32;
}

// `size` is a multiple of 8.
uint64_t hash_bytes(const std::byte* bytes, size_t size, uint64_t start) {
  uint64_t h = mix(start + 1, size);
  for (size_t i = 0; i < size; i += 8) {
    uint64_t word = 0;
    std::memcpy(&word, bytes + i, 8);
    h = mix(h, word);
  }
  return h;
}

uintptr_t stack_pointer(const ucontext_t& context) {
#if defined(__x86_64__)
  return static_cast<uintptr_t>(context.uc_mcontext.gregs[REG_RSP]);
#elif defined(__aarch64__)
  return context.uc_mcontext.sp;
#else
#error "name the stack pointer of this machine's ucontext_t"
#endif
}

}  // namespace

Explorer::Explorer(Program& program, void* world, size_t size, Mutation mutation)
    : program_(program),
      world_(static_cast<std::byte*>(world)),
      world_size_(size),
      mutation_(mutation),
      stacks_(kMaxThreads * kStackSize) {
  active() = this;
}

void Explorer::enter_fiber() {
  Explorer& self = *active();
  self.program_.thread(self.running_);
  Fiber& fiber = self.fibers_[self.running_];
  fiber.done = true;
  self.running_ = kNobody;
  setcontext(&self.home_);
}

void Explorer::yield() {
  const unsigned me = std::exchange(running_, kNobody);
  swapcontext(&fibers_[me].context, &home_);
}

void Explorer::record(const char* operation, const void* address, uint64_t before, uint64_t after) {
  const auto offset = static_cast<size_t>(static_cast<const std::byte*>(address) - world_);
  path_.back() = {running_, operation, offset, before, after};
}

// Notes what a fiber that has stopped will go on from.
void Explorer::measure(unsigned thread) {
  Fiber& fiber = fibers_[thread];
  const std::byte* const top = stack(thread) + kStackSize;
  fiber.stack_used =
      fiber.done ? 0 : reinterpret_cast<uintptr_t>(top) - stack_pointer(fiber.context);
  const auto* const registers = reinterpret_cast<const std::byte*>(&fiber.context.uc_mcontext);
  fiber.hash = hash_bytes(top - fiber.stack_used, fiber.stack_used, thread);
  if (!fiber.done)
    fiber.hash = hash_bytes(registers, sizeof(fiber.context.uc_mcontext), fiber.hash);
}

bool Explorer::can_run(unsigned thread) const {
  const Fiber& fiber = fibers_[thread];
  if (fiber.done) return false;
  return fiber.ready == nullptr || mutation_ == Mutation::kNoGracePeriod ||
         fiber.ready(fiber.ready_argument);
}

void Explorer::step(unsigned thread) {
  path_.push_back({thread});
  ++report_.steps;
  running_ = thread;
  swapcontext(&home_, &fibers_[thread].context);
  measure(thread);
  program_.changed();
}

void Explorer::save(Snapshot& to) {
  to.bytes.assign(world_, world_ + world_size_);
  for (unsigned i = 0; i < program_.threads(); ++i) {
    const std::byte* top = stack(i) + kStackSize;
    to.bytes.insert(to.bytes.end(), top - fibers_[i].stack_used, top);
  }
  to.fibers = fibers_;
  to.next = 0;
}

void Explorer::restore(const Snapshot& from) {
  fibers_ = from.fibers;
  const std::byte* bytes = from.bytes.data();
  std::memcpy(world_, bytes, world_size_);
  bytes += world_size_;
  for (unsigned i = 0; i < program_.threads(); ++i) {
    const size_t used = fibers_[i].stack_used;
    std::memcpy(stack(i) + kStackSize - used, bytes, used);
    bytes += used;
  }
}

bool Explorer::enter_state() {
  uint64_t hash = hash_bytes(world_, world_size_, 0);
  bool all_done = true;
  bool any_runs = false;
  for (unsigned i = 0; i < program_.threads(); ++i) {
    hash = mix(hash, fibers_[i].hash);
    all_done = all_done && fibers_[i].done;
    any_runs = any_runs || can_run(i);
  }
  if (!seen_.insert(hash).second) return false;
  ++report_.states;
  if (all_done) {
    ++report_.ends;
    program_.finished();
  } else if (!any_runs) {
    fail("deadlock");
  }
  return any_runs;
}

Explorer::Report Explorer::run() {
  for (unsigned i = 0; i < program_.threads(); ++i) {
    getcontext(&fibers_[i].context);
    fibers_[i].context.uc_stack.ss_sp = stack(i);
    fibers_[i].context.uc_stack.ss_size = kStackSize;
    makecontext(&fibers_[i].context, &Explorer::enter_fiber, 0);
    measure(i);
  }
  std::vector<Snapshot> frames;
  size_t depth = 0;  // frames in use; the rest keep their memory for reuse
  const auto descend = [&] {
    if (frames.size() == depth) frames.emplace_back();
    save(frames[depth++]);
  };
  if (enter_state()) descend();
  while (depth != 0 && report_.violation.empty()) {
    Snapshot& top = frames[depth - 1];
    if (top.next != 0) restore(top);  // else it is where we are
    while (top.next < program_.threads() && !can_run(top.next)) ++top.next;
    if (top.next == program_.threads()) {
      --depth;
      continue;
    }
    path_.resize(depth - 1);
    step(top.next++);
    if (enter_state()) descend();
  }
  if (!report_.violation.empty()) report_.schedule = path_;
  return report_;
}

}  // namespace godwit::proof
