// How often this disk makes 4 KiB durable: appends and syncs in turn, for so many seconds, in a
// file of its own in a directory:
//
//   fdatasync DIR SECONDS
//
// Prints the rate a second.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

int main(int count, char** arguments) {
  if (count != 3) {
    std::fputs("usage: fdatasync DIR SECONDS\n", stderr);
    return 2;
  }
  const std::string path = std::string(arguments[1]) + "/fdatasync.bytes";
  const std::chrono::duration<double> wanted(std::strtod(arguments[2], nullptr));
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) {
    std::perror(path.c_str());
    return 1;
  }
  ::unlink(path.c_str());
  const std::string page(4'096, 'm');
  const auto begun = std::chrono::steady_clock::now();
  std::chrono::duration<double> gone{0};
  double synced = 0;
  for (; gone < wanted; ++synced) {
    if (::write(file, page.data(), page.size()) != static_cast<ssize_t>(page.size()) ||
        ::fdatasync(file) != 0) {
      std::perror("fdatasync");
      return 1;
    }
    gone = std::chrono::steady_clock::now() - begun;
  }
  std::printf("%.0f\n", synced / gone.count());
  return 0;
}
