// At build time: writes musterd(8) to standard output.
#include <cstdio>
#include <string>

#include "daemon/configuration.h"

int main() {
  const std::string page = muster::daemon::manual_page();
  return std::fwrite(page.data(), 1, page.size(), stdout) == page.size() ? 0 : 1;
}
