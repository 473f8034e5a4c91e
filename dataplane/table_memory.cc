#include "dataplane/table_memory.h"

#include <cerrno>
#include <system_error>

#include <fmt/core.h>
#include <sys/mman.h>

namespace godwit {
namespace {

constexpr size_t kHugePage = 2U << 20;

}  // namespace

TableMemory::TableMemory(size_t size) : size_((size + kHugePage - 1) & ~(kHugePage - 1)) {
  constexpr int kProtection = PROT_READ | PROT_WRITE;
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS;
  base_ = mmap(nullptr, size_, kProtection, kFlags | MAP_HUGETLB, -1, 0);
  if (base_ != MAP_FAILED) return;
  base_ = mmap(nullptr, size_, kProtection, kFlags | MAP_NORESERVE, -1, 0);
  if (base_ == MAP_FAILED)
    throw std::system_error(errno, std::generic_category(),
                            fmt::format("{} MiB for a table", size_ >> 20));
  madvise(base_, size_, MADV_HUGEPAGE);  // a wish; without it the table only is slower
}

TableMemory::~TableMemory() { munmap(base_, size_); }

}  // namespace godwit
