#include "trace.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace muster::power_loss {

std::vector<Entry> read_trace(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(stream), {}};
  std::vector<Entry> entries;
  for (std::size_t at = 0; at + sizeof(EntryHeader) <= all.size();) {
    Entry entry;
    std::memcpy(&entry.header, all.data() + at, sizeof(entry.header));
    at += sizeof(entry.header);
    entry.bytes = all.substr(at, entry.header.byte_count);
    at += entry.header.byte_count;
    if (at > all.size()) throw std::runtime_error("the trace " + path + " ends within an entry");
    const bool synced = entry.header.kind == Kind::kSyncedWrite;
    if (synced) entry.header.kind = Kind::kWrite;
    EntryHeader sync = entry.header;
    entries.push_back(std::move(entry));
    sync.kind = Kind::kSyncRange;
    if (synced) entries.push_back({.header = sync, .bytes = {}});
  }
  return entries;
}

void append_acknowledgement(const std::string& path, const Acknowledgement& learned) {
  const EntryHeader header{
      .kind = Kind::kAcknowledged, .byte_count = sizeof(learned), .file = 0, .offset = 0};
  std::string bytes(sizeof(header) + sizeof(learned), '\0');
  std::memcpy(bytes.data(), &header, sizeof(header));
  std::memcpy(bytes.data() + sizeof(header), &learned, sizeof(learned));
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  const bool written =
      ::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
  ::close(file);
  if (!written) throw std::runtime_error("cannot append to the trace " + path);
}

}  // namespace muster::power_loss
