// What goes wrong with a capture, told so that a user can act on it: "FILE: offset N: what is wrong
// (what it means)". Programs exit with 2 for a CaptureError and with 1 for a WriteError.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace godwit {

// A capture cannot be used as input: it is missing, damaged, or of a kind that godwit does not
// read.
class CaptureError : public std::runtime_error {
 public:
  CaptureError(const std::string& path, const std::string& text)
      : std::runtime_error(path + ": " + text) {}
  // `offset` counts octets from the start of the file.
  CaptureError(const std::string& path, uint64_t offset, const std::string& text)
      : std::runtime_error(path + ": offset " + std::to_string(offset) + ": " + text) {}
};

// Output cannot be written: a full disk, a missing permission.
class WriteError : public CaptureError {
 public:
  using CaptureError::CaptureError;
};

}  // namespace godwit
