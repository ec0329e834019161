// A journal of a newer format: refused by everything, unharmed, with the version that it needs.
#include <doctest/doctest.h>
#include <lmdb.h>
#include <xxhash.h>

#include <stdexcept>

#include "end_to_end/command_line.h"
#include "end_to_end/daemon.h"
#include "end_to_end/member.h"
#include "journal/contents.h"
#include "journal/environment.h"
#include "journal/little_endian.h"

namespace muster::e2e {
namespace {

/// What a later muster may write: all that is promised is where the format, the version that it
/// needs and the checksum stand.
std::string header_of_the_future() {
  const std::string version = "9.10.0";
  std::string bytes;
  journal::append_little_endian(bytes, journal::kFormat + 1);
  journal::append_little_endian(bytes, static_cast<std::uint8_t>(version.size()));
  bytes += version + "whatever else it has to say";
  journal::append_little_endian(bytes, std::uint64_t{XXH3_64bits(bytes.data(), bytes.size())});
  return bytes;
}

void give_header(const std::string& directory, std::string bytes) {
  const auto environment = journal::open_environment(directory, 0, 0);
  REQUIRE(environment.has_value());
  auto transaction = journal::begin(*environment, 0);
  REQUIRE(transaction.has_value());
  MDB_dbi main = 0;
  REQUIRE(mdb_dbi_open(transaction->get(), nullptr, 0, &main) == MDB_SUCCESS);
  std::string name(journal::kHeaderKey);
  MDB_val key{.mv_size = name.size(), .mv_data = name.data()};
  MDB_val value{.mv_size = bytes.size(), .mv_data = bytes.data()};
  REQUIRE(mdb_put(transaction->get(), main, &key, &value, 0) == MDB_SUCCESS);
  REQUIRE(journal::commit(std::move(*transaction)).has_value());
}

TEST_CASE("a journal of a newer format is refused with the version that it needs, and unharmed") {
  constexpr const char* kAdvice = "use muster 9.10.0 or newer";
  Daemon daemon;
  {
    WireClient client(daemon.address());
    create_topic(client, "orders", 2);
  }
  REQUIRE(daemon.terminate() == 0);
  give_header(daemon.data_directory(), header_of_the_future());
  const std::string file = daemon.data_directory() + "/data.mdb";
  const std::string before = read_file(file);

  std::string said;
  try {
    daemon.start();
  } catch (const std::runtime_error& error) {
    said = error.what();
  }
  CHECK(said.find(kAdvice) != std::string::npos);
  CHECK(daemon.process().wait() == 1);

  for (const char* verb : {"log", "state", "verify"}) {
    CAPTURE(verb);
    const CommandResult result = muster({"journal", verb, "--data-dir", daemon.data_directory()});
    CHECK(result.status == 1);
    CHECK((result.out + result.err).find(kAdvice) != std::string::npos);
  }
  const CommandResult result =
      muster({"journal", "verify", "--data-dir", daemon.data_directory(), "--output", "json"});
  const auto found = nlohmann::json::parse(result.out);
  CHECK(found.at("ok") == false);
  CHECK(found.at("first_bad_sequence").is_null());
  CHECK(read_file(file) == before);
}

}  // namespace
}  // namespace muster::e2e
