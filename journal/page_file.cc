#include "journal/page_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include "journal/file_identity.h"

namespace muster::journal {
namespace {

constexpr std::size_t even(std::size_t bytes) { return (bytes + 1) & ~std::size_t{1}; }

template <typename Struct>
Struct at(const std::vector<char>& bytes, std::size_t offset) {
  Struct result;
  std::memcpy(&result, bytes.data() + offset, sizeof(result));
  return result;
}

std::uint64_t data_bytes(const lmdb::NodeHeader& node) {
  return std::uint64_t{node.low} | std::uint64_t{node.high} << 16;
}

bool sound(const lmdb::Meta& meta, std::uint64_t index) {
  const std::size_t page_bytes = meta.free.pad;
  return meta.magic == lmdb::kMagic && meta.version == lmdb::kDataVersion &&
         std::has_single_bit(page_bytes) && page_bytes >= lmdb::kMinPageBytes &&
         page_bytes <= lmdb::kMaxPageBytes && meta.last_page < meta.map_bytes / page_bytes &&
         meta.map_bytes >> 47 == 0 && (meta.transaction & 1) == index;
}

}  // namespace

lmdb::NodeHeader Page::node_header(std::size_t node) const {
  return at<lmdb::NodeHeader>(bytes_, nodes_[node]);
}

std::string_view Page::key(std::size_t node) const {
  return {bytes_.data() + nodes_[node] + sizeof(lmdb::NodeHeader), node_header(node).key_bytes};
}

std::uint64_t Page::child(std::size_t node) const {
  const lmdb::NodeHeader header = node_header(node);
  return data_bytes(header) | std::uint64_t{header.flags} << 32;
}

Page::Value Page::value(std::size_t node) const {
  const lmdb::NodeHeader header = node_header(node);
  const std::size_t start = nodes_[node] + sizeof(header) + header.key_bytes;
  if (header.flags & lmdb::kBigData) {
    return {.inline_bytes = {},
            .overflow_page = at<std::uint64_t>(bytes_, start),
            .overflow_bytes = data_bytes(header)};
  }
  return {.inline_bytes = {bytes_.data() + start, data_bytes(header)},
          .is_tree = (header.flags & lmdb::kSubTree) != 0};
}

bool Page::parse_node(std::uint16_t kind, std::size_t offset, std::size_t& node_bytes) const {
  if (offset % 2 != 0 || offset + sizeof(lmdb::NodeHeader) > bytes_.size()) return false;
  const auto header = at<lmdb::NodeHeader>(bytes_, offset);
  node_bytes = sizeof(header) + header.key_bytes;
  if (kind == lmdb::kLeaf) {
    const bool is_tree = header.flags == lmdb::kSubTree;
    if (header.flags != 0 && header.flags != lmdb::kBigData && !is_tree) return false;
    if (is_tree && data_bytes(header) != sizeof(lmdb::Tree)) return false;
    node_bytes += header.flags == lmdb::kBigData ? sizeof(std::uint64_t) : data_bytes(header);
  }
  return offset + node_bytes <= bytes_.size();
}

bool Page::parse(std::uint16_t kind) {
  const auto header = at<lmdb::PageHeader>(bytes_, 0);
  const bool bounds = header.lower > sizeof(header) && header.lower % 2 == 0 &&
                      header.lower <= header.upper && header.upper <= bytes_.size();
  if (!bounds) return false;
  nodes_.resize((header.lower - sizeof(header)) / sizeof(std::uint16_t));
  std::memcpy(nodes_.data(), bytes_.data() + sizeof(header), header.lower - sizeof(header));
  // LMDB keeps the nodes without a gap between them, and moves memory by their sizes.
  std::size_t total_bytes = 0;
  for (const std::uint16_t offset : nodes_) {
    std::size_t node_bytes = 0;
    if (offset < header.upper || !parse_node(kind, offset, node_bytes)) return false;
    total_bytes += even(node_bytes);
  }
  return total_bytes == bytes_.size() - header.upper;
}

std::expected<PageFile, Error> PageFile::open_file(const std::string& path) {
  PageFile file(path, FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC)));
  if (!file.file_.is_open()) {
    return std::unexpected(Error{
        .fault = errno == ENOENT ? Fault::kMissing : Fault::kSystem,
        .message = fmt::format("cannot read the journal {}: {}", path, std::strerror(errno))});
  }
  return file;
}

std::expected<PageFile, Error> PageFile::open(const std::string& path) {
  auto opened = open_file(path);
  if (!opened) return opened;
  PageFile& file = *opened;
  // The page size stands in the first meta page, in its first 512 bytes whatever the size.
  std::vector<char> start(lmdb::kMinPageBytes);
  if (auto read = file.read_at(0, start.data(), start.size()); !read) {
    return std::unexpected(read.error());
  }
  const auto meta = at<lmdb::Meta>(start, sizeof(lmdb::PageHeader));
  if (!sound(meta, 0)) {
    return std::unexpected(file.corrupt("it does not begin with a meta page of LMDB 0.9"));
  }
  file.page_bytes_ = meta.free.pad;
  return opened;
}

std::expected<PageFile, Error> PageFile::open_damaged(const std::string& path) {
  auto opened = open_file(path);
  if (!opened) return opened;
  const auto found = [&](std::size_t page_bytes, std::uint64_t index) {
    opened->page_bytes_ = page_bytes;
    const auto meta = opened->meta(index);
    return meta && meta->sound;
  };
  for (const std::uint64_t index : {std::uint64_t{0}, std::uint64_t{1}}) {
    for (std::size_t bytes = lmdb::kMinPageBytes; bytes <= lmdb::kMaxPageBytes; bytes *= 2) {
      if (found(bytes, index)) return opened;
    }
  }
  opened->page_bytes_ = lmdb::kUsualPageBytes;
  return opened;
}

std::expected<PageFile::AnyMeta, Error> PageFile::meta(std::uint64_t index) const {
  std::vector<char> bytes(sizeof(lmdb::PageHeader) + sizeof(lmdb::Meta));
  if (auto read = read_at(index * page_bytes_, bytes.data(), bytes.size()); !read) {
    return std::unexpected(read.error());
  }
  AnyMeta any{.meta = at<lmdb::Meta>(bytes, sizeof(lmdb::PageHeader))};
  any.sound = journal::sound(any.meta, index) && any.meta.free.pad == page_bytes_;
  return any;
}

Error PageFile::corrupt(std::string_view what) const {
  return Error{.fault = Fault::kCorrupt,
               .message = fmt::format("the journal {} is damaged: {}", path_, what)};
}

std::expected<void, Error> PageFile::read_at(std::uint64_t offset, char* to,
                                             std::size_t bytes) const {
  while (bytes > 0) {
    const ssize_t got = ::pread(file_.number(), to, bytes, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return std::unexpected(Error{
          .fault = Fault::kSystem,
          .message = fmt::format("cannot read the journal {}: {}", path_, std::strerror(errno))});
    }
    if (got == 0) return std::unexpected(corrupt("it ends too early"));
    offset += static_cast<std::uint64_t>(got);
    to += got;
    bytes -= static_cast<std::size_t>(got);
  }
  return {};
}

std::expected<PageFile::Metas, Error> PageFile::metas() const {
  std::vector<char> bytes(lmdb::kMetaPages * page_bytes_);
  if (auto read = read_at(0, bytes.data(), bytes.size()); !read) {
    return std::unexpected(read.error());
  }
  Metas metas;
  for (std::uint64_t i = 0; i < lmdb::kMetaPages; ++i) {
    const auto header = at<lmdb::PageHeader>(bytes, i * page_bytes_);
    metas[i] = at<lmdb::Meta>(bytes, i * page_bytes_ + sizeof(header));
    if (header.number != i || header.flags != lmdb::kMeta || !sound(metas[i], i) ||
        metas[i].free.pad != page_bytes_) {
      return std::unexpected(corrupt(fmt::format("meta page {}", i)));
    }
  }
  const auto [older, newer] = std::minmax(metas[0].transaction, metas[1].transaction);
  if (newer - older != 1) {
    return std::unexpected(corrupt("its meta pages are not of consecutive transactions"));
  }
  return metas;
}

std::expected<void, Error> PageFile::read(std::uint64_t number, lmdb::PageFlag kind,
                                          Page& page) const {
  if (number < lmdb::kMetaPages || number >= (std::uint64_t{1} << 47) / page_bytes_) {
    return std::unexpected(corrupt(fmt::format("page {} cannot be", number)));
  }
  page.bytes_.resize(page_bytes_);
  if (auto read = read_at(number * page_bytes_, page.bytes_.data(), page_bytes_); !read) {
    return std::unexpected(read.error());
  }
  const auto header = at<lmdb::PageHeader>(page.bytes_, 0);
  if (header.number != number || header.flags != kind || !page.parse(kind)) {
    return std::unexpected(corrupt(fmt::format("page {}", number)));
  }
  return {};
}

std::expected<std::uint64_t, Error> PageFile::overflow_pages(const Page::Value& value) const {
  const std::uint64_t number = value.overflow_page;
  const auto file_pages = pages();
  if (!file_pages) return file_pages;
  if (number < lmdb::kMetaPages || number >= *file_pages) {
    return std::unexpected(corrupt(fmt::format("overflow page {} cannot be", number)));
  }
  std::vector<char> start(sizeof(lmdb::PageHeader));
  if (auto read = read_at(number * page_bytes_, start.data(), start.size()); !read) {
    return std::unexpected(read.error());
  }
  const auto header = at<lmdb::PageHeader>(start, 0);
  const std::uint64_t count = std::uint64_t{header.lower} | std::uint64_t{header.upper} << 16;
  // More than needed when a larger value stood there before.
  const std::uint64_t needed = (sizeof(header) - 1 + value.overflow_bytes) / page_bytes_ + 1;
  if (header.number != number || header.flags != lmdb::kOverflow || count < needed ||
      count > *file_pages - number) {
    return std::unexpected(corrupt(fmt::format("overflow page {}", number)));
  }
  return count;
}

std::expected<void, Error> PageFile::read_overflow(const Page::Value& value,
                                                   std::string& bytes) const {
  // Checked against the file before memory is taken for it.
  if (auto sound = overflow_pages(value); !sound) return std::unexpected(sound.error());
  const std::uint64_t start = value.overflow_page * page_bytes_ + sizeof(lmdb::PageHeader);
  bytes.resize(value.overflow_bytes);
  return read_at(start, bytes.data(), bytes.size());
}

bool PageFile::replaced() const {
  const auto open = identity_of(file_.number());
  const auto there = identity_of(path_);
  return open && there && *open != *there;
}

std::expected<std::uint64_t, Error> PageFile::pages() const {
  struct stat status{};
  if (::fstat(file_.number(), &status) != 0) {
    return std::unexpected(Error{
        .fault = Fault::kSystem,
        .message = fmt::format("cannot read the journal {}: {}", path_, std::strerror(errno))});
  }
  return static_cast<std::uint64_t>(status.st_size) / page_bytes_;
}

}  // namespace muster::journal
