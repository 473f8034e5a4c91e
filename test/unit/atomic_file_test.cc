#include "control/atomic_file.h"

#include <array>
#include <filesystem>
#include <string>
#include <utility>

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "test/unit/file_size_limit.h"
#include "test/unit/temporary_directory.h"

namespace godwit {
namespace {

using Catch::Contains;
using test::FileSizeLimit;
using test::read_file;
using test::TemporaryDirectory;
using test::write_file;

}  // namespace

TEST_CASE("a file appears at its commit, with the permissions of any new file", "[atomic-file]") {
  const TemporaryDirectory dir;
  const mode_t mask = ::umask(027);
  AtomicFile file(dir / "report", 4);
  ::umask(mask);
  file.write("hello, ");
  file.write("world");
  CHECK_FALSE(std::filesystem::exists(dir / "report"));
  file.commit();
  CHECK(read_file(dir / "report") == "hello, world");
  CHECK(dir.count() == 1);
  struct stat status {};
  REQUIRE(::stat((dir / "report").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0640);
}

TEST_CASE("without a commit the old file stays and nothing new does", "[atomic-file]") {
  const TemporaryDirectory dir;
  write_file(dir / "report", "old");
  {
    AtomicFile first(dir / "report", 1);
    first.write("new");
    AtomicFile moved(std::move(first));
    moved.write("er");
  }
  CHECK(read_file(dir / "report") == "old");
  CHECK(dir.count() == 1);
}

TEST_CASE("a symlink stays one, and its file is replaced", "[atomic-file]") {
  const TemporaryDirectory dir;
  write_file(dir / "real", "old");
  std::filesystem::create_symlink("real", dir / "link");
  AtomicFile file(dir / "link");
  file.write("new");
  file.commit();
  CHECK(std::filesystem::is_symlink(dir / "link"));
  CHECK(read_file(dir / "real") == "new");
}

TEST_CASE("files are committed all or none", "[atomic-file]") {
  const TemporaryDirectory dir;
  write_file(dir / "a", "old a");
  AtomicFile a(dir / "a"), b(dir / "b"), c(dir / "c");
  const std::array<AtomicFile*, 3> files = {&a, &b, &c};
  for (AtomicFile* file : files) file->write("new");

  SECTION("all") {
    commit_all(files);
    CHECK(read_file(dir / "a") == "new");
    CHECK(read_file(dir / "b") == "new");
    CHECK(read_file(dir / "c") == "new");
    CHECK(dir.count() == 3);
  }
  SECTION("none, when the last cannot be put in place") {
    std::filesystem::create_directory(dir / "c");
    CHECK_THROWS_WITH(commit_all(files), Contains("/c: is there already and is no regular file"));
    CHECK(read_file(dir / "a") == "old a");
    CHECK(dir.count() == 2);
  }
  SECTION("none, when one cannot be written") {
    b.write(std::string(100'000, 'x'));
    const FileSizeLimit limit(50'000);
    CHECK_THROWS_WITH(commit_all(files), Contains("/b: cannot be written: File too large"));
    CHECK(read_file(dir / "a") == "old a");
    CHECK(dir.count() == 1);
  }
}

TEST_CASE("where no file can be, the error comes before any work", "[atomic-file]") {
  const TemporaryDirectory dir;
  CHECK_THROWS_AS(AtomicFile(dir / "none/report"), WriteError);
  CHECK_THROWS_WITH(AtomicFile(dir.path()), Contains("is no regular file"));
  CHECK(dir.count() == 0);
}

}  // namespace godwit
