// A progress bar, on a terminal only.
#pragma once

#include <cstdio>

namespace godwit {

class Progress {
 public:
  explicit Progress(std::FILE* stream);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(double done);  // 0 .. 1
  void clear();            // leaves the line empty

 private:
  std::FILE* stream_;
  bool on_terminal_;
  int shown_percent_ = -1;
};

}  // namespace godwit
