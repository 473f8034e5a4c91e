// Memory for a table under test: aligned to a cache line, zeroed, freed at the end.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>

namespace godwit {

class TableMemory {
 public:
  explicit TableMemory(size_t bytes)
      : data_(static_cast<std::byte*>(::operator new (bytes, std::align_val_t{64}))) {
    std::memset(data_.get(), 0, bytes);
  }
  void* data() { return data_.get(); }

 private:
  struct Free {
    void operator()(std::byte* p) const { ::operator delete (p, std::align_val_t{64}); }
  };
  std::unique_ptr<std::byte, Free> data_;
};

}  // namespace godwit
