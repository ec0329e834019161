// What can go wrong with a journal, as a value.
#pragma once

#include <cstdint>
#include <string>

namespace muster::journal {

enum class Fault : std::uint8_t {
  kMissing,        // there is no journal here
  kInUse,          // another daemon writes to it
  kCorrupt,        // the file holds what no correct writer wrote
  kNewerFormat,    // written by a newer muster
  kBackup,         // a copy that must be restored before it is served
  kExists,         // a new journal was to be made where one is
  kUnwritable,     // a new journal can't be made there
  kWrongSequence,  // an append that would leave a gap or overwrite
  kSystem,         // the operating system refused something
};

struct Error {
  Fault fault = Fault::kSystem;
  std::string message;  // what was asked, what is wrong, what to do
  /// With kCorrupt, when a record is at fault: the first sequence that cannot be read. 0: none in
  /// particular.
  std::uint64_t first_bad_sequence = 0;
};

}  // namespace muster::journal
