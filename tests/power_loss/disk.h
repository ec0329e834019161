// A disk behind a volatile cache, fed by a trace. What was synced is on it; of what was not, a
// power loss keeps any part, in any order, sector by sector.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "trace.h"

namespace muster::power_loss {

/// The least that a disk writes whole.
inline constexpr std::size_t kSectorBytes = 512;

/// What becomes of that which was not synced. Numbers of operations count over the whole trace.
struct Loss {
  enum class How : std::uint8_t {
    kKeepAll,  // the cache was lucky
    kDropAll,  // nothing but what was synced
    kEarlier,  // only operations before `operation`
    kLater,    // only those from `operation` on: reordered
    kWhole,    // each operation whole or not at all
    kTorn,     // each sector by itself
  };
  static constexpr int kWays = 6;

  How how = How::kKeepAll;
  std::uint64_t operation = 0;
  std::uint64_t seed = 0;

  bool keeps(std::uint64_t operation_of_write, std::uint64_t sector) const;
};

/// What is on the disk after a power loss: the contents of each file by path.
using Image = std::map<std::string, std::string>;

class Disk {
 public:
  /// A file that was there before the trace began.
  void hold(const std::string& path, std::uint64_t inode, std::string content);
  void apply(const Entry& entry);

  /// The operations so far.
  std::uint64_t operations() const { return operation_; }
  /// The oldest operation on a file's content that a power loss could undo now; operations() when
  /// there is none.
  std::uint64_t first_unsynced() const;

  Image after(const Loss& loss) const;

 private:
  struct Version {
    std::uint64_t operation;
    std::string sector;
  };
  struct File {
    std::string synced;
    std::string cached;
    std::map<std::uint64_t, std::vector<Version>> unsynced;  // by sector, oldest version first
  };
  struct NameChange {
    std::uint64_t operation;
    std::string gone;      // empty: no name goes
    std::string appeared;  // empty: none appears
    std::uint64_t file;    // 0: a directory
  };

  void write(std::uint64_t number, std::uint64_t offset, const std::string& bytes);
  void resize(File& file, std::uint64_t size) const;
  static void sync(File& file);
  static void sync_range(File& file, std::uint64_t offset, std::uint64_t bytes);
  void sync_directory(const std::string& path);
  static void change(std::map<std::string, std::uint64_t>& names, const NameChange& change);
  static std::string content(const File& file, const Loss& loss);

  std::uint64_t operation_ = 0;
  std::map<std::uint64_t, File> files_;         // by inode
  std::map<std::string, std::uint64_t> names_;  // synced: path → inode; 0: a directory
  std::vector<NameChange> unsynced_names_;      // oldest first
  std::set<std::string> directories_;           // that were made
};

}  // namespace muster::power_loss
