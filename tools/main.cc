#include "tools/commands.h"

int main(int argument_count, char** arguments) {
  return muster::tools::run_command_line(argument_count, arguments);
}
