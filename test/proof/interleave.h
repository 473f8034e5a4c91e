// A small model checker: runs real code under every interleaving of its atomic operations.
//
// Each simulated thread is a fiber. ModelAtomic, put in place of std::atomic, hands control to the
// explorer before every access; the explorer decides whose turn it is, depth first over all
// choices, and goes back by restoring a snapshot of the world and of all stacks. A state that was
// seen before is not entered again. A state is the bytes of the world and, for each thread, those
// of its stack and registers: nothing else can influence what comes. Two of n states are taken for
// one, and a part of the search is lost, with a probability below n² / 2^65.
//
// The code that runs here keeps whatever changes in the world or on the fibers' stacks (no heap).
// Interleavings are sequentially consistent; that the memory orders suffice is argued in the code
// and tried by ThreadSanitizer in test/stress.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <ucontext.h>

namespace godwit::proof {

inline constexpr unsigned kMaxThreads = 4;

// Ways to break the code under test, to prove that the proof would notice.
enum class Mutation : uint8_t {
  kNone,
  kNoRescan,       // a seq_cst load of a word (only the re-scan has those) finds nothing
  kBlindCommit,    // the commit overwrites a rival's abort
  kNoCounts,       // read-modify-writes of counters are lost
  kNoMark,         // an inserter does not say that its bucket is in use
  kNoSecondLook,   // a sweep does not take back the clearing of a bit
  kNoGracePeriod,  // wait_until() does not wait
};

struct Step {
  unsigned thread = 0;
  const char* operation = "start";
  size_t offset = 0;  // in the world, bytes
  uint64_t before = 0;
  uint64_t after = 0;
};

// The machine room: fibers, snapshots, the search. One at a time exists, in active().
class Explorer {
 public:
  struct Report {
    uint64_t states = 0;
    uint64_t steps = 0;
    uint64_t ends = 0;  // distinct final states
    std::string violation;
    std::vector<Step> schedule;  // that led to the violation
  };

  // What is explored. thread() runs in a fiber; changed() after each step, finished() at each end.
  class Program {
   public:
    Program() = default;
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;
    virtual ~Program() = default;
    virtual unsigned threads() const = 0;
    virtual void thread(unsigned index) = 0;
    virtual void changed() = 0;
    virtual void finished() = 0;
  };

  // `world`: `size` bytes that hold everything that threads share, and the ghost state.
  Explorer(Program& program, void* world, size_t size, Mutation mutation);
  ~Explorer() { active() = nullptr; }
  Explorer(const Explorer&) = delete;
  Explorer& operator=(const Explorer&) = delete;

  Report run();

  // For code in fibers and for checks.
  static Explorer*& active() {
    static Explorer* explorer = nullptr;
    return explorer;
  }
  bool in_fiber() const { return running_ != kNobody; }
  Mutation mutation() const { return mutation_; }
  void fail(std::string what) {
    if (report_.violation.empty()) report_.violation = std::move(what);
  }
  bool is_done(unsigned thread) const { return fibers_[thread].done; }
  // The running thread gives way; then it goes on until its next access is done.
  void yield();
  // An operation begins: what follows up to and with its first access is one step.
  void begin() {
    yield();
    fibers_[running_].first_access = true;
  }
  void give_way() {
    if (!std::exchange(fibers_[running_].first_access, false)) yield();
  }
  void record(const char* operation, const void* address, uint64_t before, uint64_t after);
  // The running thread clears bits; sets bits: true if it cleared some since it last set any.
  void note_clearing() { fibers_[running_].has_cleared = true; }
  bool note_setting() { return std::exchange(fibers_[running_].has_cleared, false); }
  // Blocks the running thread until `ready()`, which may read the world but not change it.
  template <class Ready>
  void wait_until(Ready ready) {
    Fiber& self = fibers_[running_];
    self.ready = [](const void* r) { return (*static_cast<const Ready*>(r))(); };
    self.ready_argument = &ready;
    yield();
    self.ready = nullptr;
  }

 private:
  static constexpr unsigned kNobody = ~0U;
  static constexpr size_t kStackSize = size_t{32} << 10;

  struct Fiber {
    ucontext_t context{};
    bool (*ready)(const void*) = nullptr;
    const void* ready_argument = nullptr;
    size_t stack_used = 0;  // bytes, from the top
    uint64_t hash = 0;      // of stack and registers
    bool first_access = false;
    bool has_cleared = false;  // see note_clearing()
    bool done = false;
  };
  struct Snapshot {
    std::vector<std::byte> bytes;  // the world, then the used end of each stack
    std::array<Fiber, kMaxThreads> fibers;
    unsigned next = 0;  // the thread to try next from here
  };

  static void enter_fiber();
  std::byte* stack(unsigned i) { return &stacks_[i * kStackSize]; }
  bool can_run(unsigned thread) const;
  void save(Snapshot& to);
  void restore(const Snapshot& from);
  void step(unsigned thread);
  void measure(unsigned thread);
  bool enter_state();  // false: seen before, or the end of a run

  Program& program_;
  std::byte* world_;
  size_t world_size_;
  Mutation mutation_;
  unsigned running_ = kNobody;
  ucontext_t home_{};
  std::array<Fiber, kMaxThreads> fibers_;
  std::vector<std::byte> stacks_;
  std::unordered_set<uint64_t> seen_;
  std::vector<Step> path_;
  Report report_;
};

// std::atomic as the explorer sees it. Outside of fibers it is a plain value.
template <class T>
class ModelAtomic {
 public:
  T load(std::memory_order order) const {
    give_way();
    const bool hidden =
        order == std::memory_order_seq_cst && sizeof(T) == 8 && has(Mutation::kNoRescan);
    return done("load", value_, hidden ? T{0} : value_);
  }
  void store(T desired, std::memory_order) {
    give_way();
    const T before = value_;
    value_ = desired;
    done("store", before, before);
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order, std::memory_order) {
    give_way();
    const T before = value_;
    // A commit is the one exchange that takes away a single bit.
    const bool blind = has(Mutation::kBlindCommit) && before != 0 && (expected & ~desired) != 0 &&
                       std::has_single_bit(expected ^ desired);
    const bool equal = before == expected || blind;
    if (equal)
      value_ = desired;
    else
      expected = before;
    done("compare-exchange", before, before);
    return equal;
  }
  T fetch_add(T n, std::memory_order) { return add(n); }
  T fetch_sub(T n, std::memory_order) { return add(static_cast<T>(-n)); }
  T fetch_and(T bits, std::memory_order) {
    give_way();
    const T before = value_;
    value_ &= bits;
    if (Explorer* e = explorer()) e->note_clearing();
    return done("and", before, before);
  }
  T fetch_or(T bits, std::memory_order) {
    give_way();
    const T before = value_;
    const bool takes_back = explorer() != nullptr && explorer()->note_setting();
    if (!has(takes_back ? Mutation::kNoSecondLook : Mutation::kNoMark)) value_ |= bits;
    return done("or", before, before);
  }

 private:
  static Explorer* explorer() {
    Explorer* const e = Explorer::active();
    return e != nullptr && e->in_fiber() ? e : nullptr;
  }
  static bool has(Mutation m) { return explorer() != nullptr && explorer()->mutation() == m; }
  static void give_way() {
    if (Explorer* e = explorer()) e->give_way();
  }
  T add(T n) {
    give_way();
    const T before = value_;
    if (!has(Mutation::kNoCounts)) value_ = static_cast<T>(before + n);
    return done("add", before, before);
  }
  // `seen` is what the thread has learned by this access.
  T done(const char* operation, T before, T seen) const {
    if (Explorer* e = explorer()) {
      e->record(operation, this, before, value_);
    }
    return seen;
  }

  T value_ = 0;
};

}  // namespace godwit::proof
