#include "disk.h"

#include <algorithm>
#include <stdexcept>

#include "domain/digest.h"

namespace muster::power_loss {
namespace {

std::string parent(const std::string& path) { return path.substr(0, path.rfind('/')); }

bool coin(std::uint64_t seed, std::uint64_t one, std::uint64_t other) {
  return (domain::EntityHash().add(seed).add(one).add(other).value() & 1) != 0;
}

/// Not a sector's number: for the choice that concerns a whole operation, or a file's size.
constexpr std::uint64_t kNoSector = ~std::uint64_t{0};

void place(std::string& content, std::uint64_t sector, const std::string& bytes) {
  const std::size_t start = sector * kSectorBytes;
  if (content.size() < start + bytes.size()) content.resize(start + bytes.size(), '\0');
  content.replace(start, bytes.size(), bytes);
}

}  // namespace

bool Loss::keeps(std::uint64_t operation_of_write, std::uint64_t sector) const {
  switch (how) {
    case How::kKeepAll:
      return true;
    case How::kDropAll:
      return false;
    case How::kEarlier:
      return operation_of_write < operation;
    case How::kLater:
      return operation_of_write >= operation;
    case How::kWhole:
      return coin(seed, operation_of_write, kNoSector);
    case How::kTorn:
      return coin(seed, operation_of_write, sector);
  }
  return false;
}

void Disk::hold(const std::string& path, std::uint64_t inode, std::string content) {
  files_[inode] = {.synced = content, .cached = std::move(content), .unsynced = {}};
  names_[path] = inode;
}

void Disk::apply(const Entry& entry) {
  const EntryHeader& header = entry.header;
  ++operation_;
  switch (header.kind) {
    case Kind::kCreate:
      files_[header.file] = {};
      unsynced_names_.push_back({operation_, "", entry.bytes, header.file});
      break;
    case Kind::kMakeDirectory:
      directories_.insert(entry.bytes);
      unsynced_names_.push_back({operation_, "", entry.bytes, 0});
      break;
    case Kind::kRename: {
      const std::size_t end = entry.bytes.find('\0');
      unsynced_names_.push_back(
          {operation_, entry.bytes.substr(0, end), entry.bytes.substr(end + 1), header.file});
      break;
    }
    case Kind::kRemove:
      unsynced_names_.push_back({operation_, entry.bytes, "", 0});
      break;
    case Kind::kWrite:
      write(header.file, header.offset, entry.bytes);
      break;
    case Kind::kResize:
      resize(files_[header.file], header.offset);
      break;
    case Kind::kSync:
      sync(files_[header.file]);
      break;
    case Kind::kSyncRange:
      sync_range(files_[header.file], header.offset, header.byte_count);
      break;
    case Kind::kSyncDirectory:
      sync_directory(entry.bytes);
      break;
    case Kind::kUnseen:
      // LMDB's table of readers means nothing after a power loss.
      if (!entry.bytes.ends_with("/lock.mdb")) {
        throw std::runtime_error(entry.bytes + " is written to unseen: extend the recorder");
      }
      break;
    case Kind::kSyncedWrite:
    case Kind::kAcknowledged:
      break;
  }
}

std::uint64_t Disk::first_unsynced() const {
  std::uint64_t first = operation_;
  for (const auto& [number, file] : files_) {
    for (const auto& [sector, versions] : file.unsynced) {
      first = std::min(first, versions.front().operation);
    }
  }
  return first;
}

void Disk::write(std::uint64_t number, std::uint64_t offset, const std::string& bytes) {
  File& file = files_[number];
  if (file.cached.size() < offset + bytes.size()) file.cached.resize(offset + bytes.size(), '\0');
  file.cached.replace(offset, bytes.size(), bytes);
  for (std::uint64_t sector = offset / kSectorBytes; sector * kSectorBytes < offset + bytes.size();
       ++sector) {
    file.unsynced[sector].push_back(
        {operation_, file.cached.substr(sector * kSectorBytes, kSectorBytes)});
  }
}

void Disk::resize(File& file, std::uint64_t size) const {
  const std::size_t before = file.cached.size();
  file.cached.resize(size, '\0');
  file.unsynced.erase(file.unsynced.upper_bound(size / kSectorBytes), file.unsynced.end());
  // What is cut off and grown again is zeros.
  for (std::size_t at = std::min(before, file.cached.size()); at < size; at += kSectorBytes) {
    file.unsynced[at / kSectorBytes].push_back(
        {operation_, file.cached.substr(at / kSectorBytes * kSectorBytes, kSectorBytes)});
  }
}

void Disk::sync(File& file) {
  file.synced.resize(file.cached.size(), '\0');
  for (const auto& [sector, versions] : file.unsynced) {
    const std::size_t start = sector * kSectorBytes;
    if (start < file.cached.size()) {
      place(file.synced, sector, file.cached.substr(start, kSectorBytes));
    }
  }
  file.unsynced.clear();
}

void Disk::sync_range(File& file, std::uint64_t offset, std::uint64_t bytes) {
  for (std::uint64_t sector = offset / kSectorBytes; sector * kSectorBytes < offset + bytes;
       ++sector) {
    place(file.synced, sector, file.cached.substr(sector * kSectorBytes, kSectorBytes));
    file.unsynced.erase(sector);
  }
}

void Disk::sync_directory(const std::string& path) {
  std::vector<NameChange> others;
  for (NameChange& change_of_name : unsynced_names_) {
    const std::string& name =
        change_of_name.appeared.empty() ? change_of_name.gone : change_of_name.appeared;
    if (parent(name) == path) {
      change(names_, change_of_name);
    } else {
      others.push_back(std::move(change_of_name));
    }
  }
  unsynced_names_ = std::move(others);
}

void Disk::change(std::map<std::string, std::uint64_t>& names, const NameChange& change) {
  names.erase(change.gone);
  if (!change.appeared.empty()) names[change.appeared] = change.file;
}

std::string Disk::content(const File& file, const Loss& loss) {
  std::string content = file.synced;
  for (const auto& [sector, versions] : file.unsynced) {
    const Version* kept = nullptr;
    for (const Version& version : versions) {
      if (loss.keeps(version.operation, sector)) kept = &version;
    }
    if (kept != nullptr) place(content, sector, kept->sector);
  }
  // The size of a file is written by itself.
  const bool keeps_size = loss.how == Loss::How::kKeepAll || coin(loss.seed, kNoSector, 0);
  const bool shrunk = file.cached.size() < file.synced.size();
  if (keeps_size && (shrunk || content.size() < file.cached.size())) {
    content.resize(file.cached.size(), '\0');
  }
  return content;
}

Image Disk::after(const Loss& loss) const {
  auto names = names_;
  for (const NameChange& change_of_name : unsynced_names_) {
    if (loss.keeps(change_of_name.operation, kNoSector)) change(names, change_of_name);
  }
  Image image;
  for (const auto& [path, number] : names) {
    // What lies in a directory that is gone is gone.
    const bool reachable = names.contains(parent(path)) || !directories_.contains(parent(path));
    if (number != 0 && reachable) image[path] = content(files_.at(number), loss);
  }
  return image;
}

}  // namespace muster::power_loss
