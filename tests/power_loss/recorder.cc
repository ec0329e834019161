// Loaded into a process in front of the C library (LD_PRELOAD), it records all that the process
// does to the files under one directory (trace.h). An entry is appended after the call has
// returned, so what a client learned because of it comes later in the trace.
#undef _FILE_OFFSET_BITS  // here pwrite and pwrite64 are two functions
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>

#include "trace.h"

namespace {

using namespace muster::power_loss;  // NOLINT(google-build-using-namespace): the trace's words

/// The C library's own function of that name.
template <typename Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

struct Target {
  int trace = -1;
  std::string root;
};

/// Never destroyed: threads write until the process has gone.
const Target& target() {
  static const Target* const target = [] {
    auto* made = new Target;
    const char* path = getenv(kTraceVariable);
    const char* root = getenv(kRootVariable);
    if (path == nullptr || root == nullptr) return made;
    made->root = std::string(root) + "/";
    made->trace = static_cast<int>(
        syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
    if (made->trace < 0) abort();
    return made;
  }();
  return *target;
}

/// What the caller sees is what its own call did.
class KeptErrno {
 public:
  KeptErrno() = default;
  ~KeptErrno() { errno = kept_; }
  KeptErrno(const KeptErrno&) = delete;
  KeptErrno& operator=(const KeptErrno&) = delete;

 private:
  int kept_ = errno;
};

void append(Kind kind, std::uint64_t file, std::uint64_t offset, const iovec* pieces, int count,
            std::size_t bytes) {
  EntryHeader header{.kind = kind,
                     .byte_count = static_cast<std::uint32_t>(bytes),
                     .file = file,
                     .offset = offset};
  std::string entry(reinterpret_cast<const char*>(&header), sizeof(header));
  for (int i = 0; i < count && bytes > 0; ++i) {
    const std::size_t taken = bytes < pieces[i].iov_len ? bytes : pieces[i].iov_len;
    entry.append(static_cast<const char*>(pieces[i].iov_base), taken);
    bytes -= taken;
  }
  // One call, so that it is one piece in the trace.
  const long written = syscall(SYS_write, target().trace, entry.data(), entry.size());
  if (written != static_cast<long>(entry.size())) abort();  // a trace with holes proves nothing
}

void append(Kind kind, std::uint64_t file, std::uint64_t offset, std::string_view bytes = {}) {
  const iovec piece{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  append(kind, file, offset, &piece, 1, bytes.size());
}

bool is_watched(std::string_view path) {
  return target().trace >= 0 && path.starts_with(target().root);
}

/// The path of an open file; empty when it is none that is watched.
std::string watched_path(int descriptor) {
  if (target().trace < 0) return {};
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  std::array<char, PATH_MAX> path{};
  const ssize_t length = readlink(link.c_str(), path.data(), path.size());
  const std::string_view found(path.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  // The root itself is a directory that may be synced.
  return is_watched(found) || (is_watched(std::string(found) + "/") && found.size() > 1)
             ? std::string(found)
             : std::string();
}

std::uint64_t inode(int descriptor) {
  struct stat status{};
  return fstat(descriptor, &status) == 0 ? status.st_ino : 0;
}

void record_write(int descriptor, off_t offset, const iovec* pieces, int count, ssize_t written) {
  const KeptErrno kept;
  if (written <= 0 || watched_path(descriptor).empty()) return;
  const bool synced = (fcntl(descriptor, F_GETFL) & O_DSYNC) != 0;  // a part of O_SYNC too
  append(synced ? Kind::kSyncedWrite : Kind::kWrite, inode(descriptor),
         static_cast<std::uint64_t>(offset), pieces, count, static_cast<std::size_t>(written));
}

/// Where the bytes of a write without an offset have gone.
off_t start_of(int descriptor, ssize_t written) {
  return written > 0 ? lseek(descriptor, 0, SEEK_CUR) - written : 0;
}

ssize_t record_pwrite(const char* name, int descriptor, const void* bytes, size_t count,
                      off_t offset) {
  const auto written =
      real<ssize_t(int, const void*, size_t, off_t)>(name)(descriptor, bytes, count, offset);
  const iovec piece{.iov_base = const_cast<void*>(bytes), .iov_len = count};
  record_write(descriptor, offset, &piece, 1, written);
  return written;
}

ssize_t record_pwritev(const char* name, int descriptor, const iovec* pieces, int count,
                       off_t offset) {
  const auto written =
      real<ssize_t(int, const iovec*, int, off_t)>(name)(descriptor, pieces, count, offset);
  record_write(descriptor, offset, pieces, count, written);
  return written;
}

int record_sync(const char* name, int descriptor) {
  const int result = real<int(int)>(name)(descriptor);
  const KeptErrno kept;
  const std::string path = result == 0 ? watched_path(descriptor) : std::string();
  struct stat status{};
  if (path.empty() || fstat(descriptor, &status) != 0) return result;
  const bool directory = S_ISDIR(status.st_mode);
  append(directory ? Kind::kSyncDirectory : Kind::kSync, status.st_ino, 0,
         directory ? path : std::string());
  return result;
}

int record_resize(const char* name, int descriptor, off_t size) {
  const int result = real<int(int, off_t)>(name)(descriptor, size);
  const KeptErrno kept;
  if (result == 0 && !watched_path(descriptor).empty()) {
    append(Kind::kResize, inode(descriptor), static_cast<std::uint64_t>(size));
  }
  return result;
}

int record_allocate(const char* name, int descriptor, int mode, off_t offset, off_t length) {
  const int result = real<int(int, int, off_t, off_t)>(name)(descriptor, mode, offset, length);
  const KeptErrno kept;
  // Space behind the end changes nothing that can be read; other modes do.
  if (result != 0 || mode == FALLOC_FL_KEEP_SIZE) return result;
  if (const std::string path = watched_path(descriptor); !path.empty()) {
    append(Kind::kUnseen, 0, 0, path);
  }
  return result;
}

int record_open(const char* name, int directory, const char* path, int flags, mode_t mode) {
  const bool may_create =
      (flags & O_CREAT) != 0 && syscall(SYS_faccessat, directory, path, F_OK) != 0;
  const int descriptor = real<int(int, const char*, int, ...)>(name)(directory, path, flags, mode);
  const KeptErrno kept;
  if (descriptor < 0 || (!may_create && (flags & O_TRUNC) == 0)) return descriptor;
  const std::string found = watched_path(descriptor);
  if (found.empty()) return descriptor;
  if (may_create) {
    append(Kind::kCreate, inode(descriptor), 0, found);
  } else {
    append(Kind::kResize, inode(descriptor), 0);
  }
  return descriptor;
}

mode_t mode_of(int flags, va_list arguments) {
  return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
}

int record_remove(const char* name, const char* path) {
  const int result = real<int(const char*)>(name)(path);
  const KeptErrno kept;
  if (result == 0 && is_watched(path)) append(Kind::kRemove, 0, 0, path);
  return result;
}

/// What is written through a shared map can't be seen, with msync or without.
void* record_map(const char* name, void* address, size_t length, int protection, int flags,
                 int descriptor, off_t offset) {
  void* const result = real<void*(void*, size_t, int, int, int, off_t)>(name)(
      address, length, protection, flags, descriptor, offset);
  const KeptErrno kept;
  const bool writes = (protection & PROT_WRITE) != 0 && (flags & MAP_SHARED) != 0;
  if (result == MAP_FAILED || !writes || descriptor < 0) return result;
  if (const std::string path = watched_path(descriptor); !path.empty()) {
    append(Kind::kUnseen, 0, 0, path);
  }
  return result;
}

}  // namespace

extern "C" {

ssize_t pwrite(int descriptor, const void* bytes, size_t count, off_t offset) {
  return record_pwrite("pwrite", descriptor, bytes, count, offset);
}
ssize_t pwrite64(int descriptor, const void* bytes, size_t count, off_t offset) {
  return record_pwrite("pwrite64", descriptor, bytes, count, offset);
}
ssize_t pwritev(int descriptor, const iovec* pieces, int count, off_t offset) {
  return record_pwritev("pwritev", descriptor, pieces, count, offset);
}
ssize_t pwritev64(int descriptor, const iovec* pieces, int count, off_t offset) {
  return record_pwritev("pwritev64", descriptor, pieces, count, offset);
}

ssize_t write(int descriptor, const void* bytes, size_t count) {
  const auto written = real<ssize_t(int, const void*, size_t)>("write")(descriptor, bytes, count);
  if (target().trace < 0) return written;
  const KeptErrno kept;
  const iovec piece{.iov_base = const_cast<void*>(bytes), .iov_len = count};
  record_write(descriptor, start_of(descriptor, written), &piece, 1, written);
  return written;
}
ssize_t writev(int descriptor, const iovec* pieces, int count) {
  const auto written = real<ssize_t(int, const iovec*, int)>("writev")(descriptor, pieces, count);
  if (target().trace < 0) return written;
  const KeptErrno kept;
  record_write(descriptor, start_of(descriptor, written), pieces, count, written);
  return written;
}

int fsync(int descriptor) { return record_sync("fsync", descriptor); }
int fdatasync(int descriptor) { return record_sync("fdatasync", descriptor); }

int ftruncate(int descriptor, off_t size) noexcept {
  return record_resize("ftruncate", descriptor, size);
}
int ftruncate64(int descriptor, off_t size) noexcept {
  return record_resize("ftruncate64", descriptor, size);
}
int fallocate(int descriptor, int mode, off_t offset, off_t length) {
  return record_allocate("fallocate", descriptor, mode, offset, length);
}
int fallocate64(int descriptor, int mode, off_t offset, off_t length) {
  return record_allocate("fallocate64", descriptor, mode, offset, length);
}

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return record_open("openat", AT_FDCWD, path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return record_open("openat64", AT_FDCWD, path, flags, mode);
}
int openat(int directory, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return record_open("openat", directory, path, flags, mode);
}
int openat64(int directory, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return record_open("openat64", directory, path, flags, mode);
}

int mkdir(const char* path, mode_t mode) noexcept {
  const int result = real<int(const char*, mode_t)>("mkdir")(path, mode);
  const KeptErrno kept;
  if (result == 0 && is_watched(path)) append(Kind::kMakeDirectory, 0, 0, path);
  return result;
}
int rename(const char* from, const char* to) noexcept {
  const int result = real<int(const char*, const char*)>("rename")(from, to);
  const KeptErrno kept;
  struct stat status{};
  if (result != 0 || !is_watched(to) || stat(to, &status) != 0) return result;
  append(Kind::kRename, status.st_ino, 0, std::string(from) + '\0' + to);
  return result;
}
int unlink(const char* path) noexcept { return record_remove("unlink", path); }
int remove(const char* path) noexcept { return record_remove("remove", path); }

void* mmap(void* address, size_t length, int protection, int flags, int descriptor,
           off_t offset) noexcept {
  return record_map("mmap", address, length, protection, flags, descriptor, offset);
}
void* mmap64(void* address, size_t length, int protection, int flags, int descriptor,
             off_t offset) noexcept {
  return record_map("mmap64", address, length, protection, flags, descriptor, offset);
}

}  // extern "C"
