#include <doctest/doctest.h>

#include "manual/roff.h"
#include "tools/commands.h"

namespace muster::tools {
namespace {

bool page_has(const std::string& page, const std::string& part) {
  const bool found = page.find(part) != std::string::npos;
  if (!found) MESSAGE(page);
  return found;
}

}  // namespace

TEST_CASE("man: nothing that roff would understand is left in a text") {
  CHECK(manual::roff_text(".TH x\n'y \\fB --z \"q\"") ==
        "\\&.TH x\n\\&'y \\efB \\-\\-z \\(dqq\\(dq");
}

TEST_CASE("man: a page has each command's synopsis, arguments, options and example") {
  CLI::App app("One thing.\nAnd more of it.", "prog");
  app.footer("Example:\n  prog do it");
  CLI::App& verb = *app.add_subcommand("do", "Do a thing");
  std::string thing;
  std::string speed = "slow";
  verb.add_option("THING", thing, "What")->required()->type_name("");
  verb.add_option("--speed", speed, "How fast")->type_name("SPEED")->capture_default_str();
  verb.footer("Example:\n  prog do it --speed fast");
  const std::string page = manual::roff(app, {.name = "prog",
                                              .number = "1",
                                              .version = "v1",
                                              .command = "prog",
                                              .shared = "",
                                              .sections = {{"FILES", "None."}},
                                              .see_also = {"other(1)"}});
  CHECK(page_has(page, ".TH \"PROG\" \"1\""));
  CHECK(page_has(page, "prog \\- One thing.\n"));
  CHECK(page_has(page, "\\fBprog do\\fR [\\fIOPTIONS\\fR] \\fITHING\\fR\n"));
  CHECK(page_has(page, ".TP\n\\fITHING\\fR\nWhat\n"));
  CHECK(page_has(page, ".TP\n\\fB\\-\\-speed\\fR \\fISPEED\\fR\nHow fast (default: slow)\n"));
  CHECK(page_has(page, ".nf\nprog do it \\-\\-speed fast\n.fi\n"));
  CHECK(page_has(page, ".SH \"FILES\"\nNone.\n"));
  CHECK(page_has(page, ".SH \"SEE ALSO\"\nother(1)\n"));
}

}  // namespace muster::tools
