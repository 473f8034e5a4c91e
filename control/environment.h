// The parts of EAL's command line that depend on the machine: where threads run, and what memory
// there is.
//
// The first call of any of these comes before EAL starts, which binds the calling thread to one
// CPU.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace godwit {

unsigned cpu_count();  // that this process may use
// Whether control and each of the workers can have a CPU of its own.
bool has_cpu_for_each(uint16_t workers);

// "--lcores" for control and so many workers, each on a CPU of its own as far as they go; nothing
// if the user says which cores to take.
std::vector<std::string> lcore_arguments(uint16_t workers, const std::vector<std::string>& of_user);

// Huge pages where there are enough for so many megabytes, else plain pages; what the user says
// about memory decides.
std::vector<std::string> memory_arguments(uint64_t megabytes,
                                          const std::vector<std::string>& of_user);

}  // namespace godwit
