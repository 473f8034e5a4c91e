// Zeroed memory for the tables, huge-page backed where the system has huge pages to give.
#pragma once

#include <cstddef>

namespace godwit {

class TableMemory {
 public:
  // Maps at least `size` octets, aligned to a page. Pages are touched on first use, so that a large
  // table that stays empty costs nothing. Throws std::system_error when the system refuses.
  explicit TableMemory(size_t size);
  ~TableMemory();
  TableMemory(const TableMemory&) = delete;
  TableMemory& operator=(const TableMemory&) = delete;

  void* get() const { return base_; }

 private:
  void* base_;
  size_t size_;
};

}  // namespace godwit
