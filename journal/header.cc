#include "journal/header.h"

#include <fmt/format.h>
#include <sys/random.h>
#include <xxhash.h>

#include <cerrno>
#include <cstdlib>

#include "journal/little_endian.h"

namespace muster::journal {
namespace {

constexpr std::size_t kChecksumBytes = 8;
constexpr std::size_t kPrefixBytes = 4 + 1;
constexpr std::size_t kBodyBytes = 16 + 5 * 8 + 1;

Error corrupt(std::string_view what) {
  return Error{.fault = Fault::kCorrupt,
               .message = fmt::format("the journal's header is damaged: {}", what)};
}

}  // namespace

JournalId draw_journal_id() {
  JournalId id{};
  std::size_t filled = 0;
  while (filled < id.size()) {
    const ssize_t got = getrandom(id.data() + filled, id.size() - filled, 0);
    if (got < 0 && errno != EINTR) std::abort();  // no Linux of the last ten years lacks it
    if (got > 0) filled += static_cast<std::size_t>(got);
  }
  return id;
}

std::string text(const JournalId& id) {
  std::string digits;
  for (const std::uint8_t byte : id) digits += fmt::format("{:02x}", byte);
  return digits;
}

std::string encode_header(const Header& header) {
  std::string bytes;
  append_little_endian(bytes, kFormat);
  append_little_endian(bytes, static_cast<std::uint8_t>(kFormatNeeds.size()));
  bytes.append(kFormatNeeds);
  for (const std::uint8_t byte : header.journal_id) bytes.push_back(static_cast<char>(byte));
  append_little_endian(bytes, header.fence_base);
  append_little_endian(bytes, header.boot);
  append_little_endian(bytes, header.first_sequence);
  append_little_endian(bytes, header.last_sequence);
  append_little_endian(bytes, header.transaction);
  append_little_endian(bytes, static_cast<std::uint8_t>(header.backup));
  append_little_endian(bytes, static_cast<std::uint64_t>(XXH3_64bits(bytes.data(), bytes.size())));
  return bytes;
}

std::expected<Header, Error> decode_header(std::string_view bytes) {
  if (bytes.size() < kPrefixBytes + kChecksumBytes) return std::unexpected(corrupt("too short"));
  const std::size_t covered = bytes.size() - kChecksumBytes;
  if (read_little_endian<std::uint64_t>(bytes, covered) != XXH3_64bits(bytes.data(), covered)) {
    return std::unexpected(corrupt("its checksum does not match"));
  }
  const auto format = read_little_endian<std::uint32_t>(bytes, 0);
  const auto needs_bytes = static_cast<std::uint8_t>(bytes[4]);
  if (covered < kPrefixBytes + needs_bytes) return std::unexpected(corrupt("too short"));
  const std::string_view needs = bytes.substr(kPrefixBytes, needs_bytes);
  if (format > kFormat) {
    return std::unexpected(Error{
        .fault = Fault::kNewerFormat,
        .message = fmt::format("the journal has format {}, this program reads up to format {}: "
                               "use muster {} or newer",
                               format, kFormat, needs)});
  }
  if (format != kFormat || covered != kPrefixBytes + needs_bytes + kBodyBytes) {
    return std::unexpected(corrupt("unknown format or wrong length"));
  }

  Header header;
  std::size_t offset = kPrefixBytes + needs_bytes;
  for (std::uint8_t& byte : header.journal_id) byte = static_cast<std::uint8_t>(bytes[offset++]);
  for (std::uint64_t* field : {&header.fence_base, &header.boot, &header.first_sequence,
                               &header.last_sequence, &header.transaction}) {
    *field = read_little_endian<std::uint64_t>(bytes, offset);
    offset += sizeof(*field);
  }
  const auto backup = static_cast<std::uint8_t>(bytes[offset]);
  if (backup > 1) return std::unexpected(corrupt("its mark of a backup is neither 0 nor 1"));
  header.backup = backup == 1;
  if (header.first_sequence == 0 || header.first_sequence > header.last_sequence + 1) {
    return std::unexpected(corrupt("first and last sequence contradict each other"));
  }
  return header;
}

}  // namespace muster::journal
