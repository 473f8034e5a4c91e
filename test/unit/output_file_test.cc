#include "control/output_file.h"

#include <filesystem>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/unit/temporary_directory.h"

namespace godwit {
namespace {

using Catch::Contains;
using test::read_file;
using test::TemporaryDirectory;
using test::write_file;

}  // namespace

TEST_CASE("a regular file is put in place by its commit", "[output-file]") {
  const TemporaryDirectory dir;
  write_file(dir / "report", "old");
  OutputFile output(dir / "report");
  output.write("new");
  output.finish();
  CHECK(read_file(dir / "report") == "old");
  REQUIRE(output.file() != nullptr);
  output.file()->commit();
  CHECK(read_file(dir / "report") == "new");
}

TEST_CASE("a pipe is written in place and stays one", "[output-file]") {
  const TemporaryDirectory dir;
  REQUIRE(::mkfifo((dir / "pipe").c_str(), 0600) == 0);
  const int reader = ::open((dir / "pipe").c_str(), O_RDONLY | O_NONBLOCK);
  REQUIRE(reader >= 0);
  {
    OutputFile output(dir / "pipe");
    CHECK(output.file() == nullptr);
    output.write("hello, ");
    output.write("world");
    output.finish();
  }
  std::string text(100, '\0');
  text.resize(static_cast<size_t>(::read(reader, text.data(), text.size())));
  CHECK(text == "hello, world");
  ::close(reader);
  CHECK(std::filesystem::is_fifo(dir / "pipe"));
}

TEST_CASE("a full disk is an error that says so", "[output-file]") {
  OutputFile output("/dev/full");
  output.write("text");
  CHECK_THROWS_WITH(output.finish(),
                    Contains("/dev/full: cannot be written: No space left on device"));
}

TEST_CASE("an output that cannot be opened shows before any work", "[output-file]") {
  const TemporaryDirectory dir;
  CHECK_THROWS_WITH(OutputFile(dir / "none/report"), Contains("none/report"));
  CHECK_THROWS_WITH(OutputFile(dir.path()), Contains("is no regular file"));
}

}  // namespace godwit
