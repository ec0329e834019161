#include "tools/output.h"

#include <doctest/doctest.h>

using namespace muster;
using namespace muster::tools;

TEST_CASE("columns are as wide as their widest cell, numbers to the right, no trailing spaces") {
  Table table({{"TOPIC"}, {"LAG", Align::kRight}, {"NOTE"}});
  table.add_row({"outbox", "7", "late"});
  table.add_row({"x", "12345", ""});
  CHECK(table.text() ==
        "TOPIC     LAG  NOTE\n"
        "outbox      7  late\n"
        "x       12345\n");
}

TEST_CASE("columns stay aligned under wide, combining and accented characters") {
  Table table({{"A"}, {"B"}});
  table.add_row({"日本", "x"});
  table.add_row({"é", "x"});
  table.add_row({"e\u0301", "x"});
  CHECK(table.text() ==
        "A     B\n"
        "日本  x\n"
        "é     x\n"
        "e\u0301     x\n");
}

TEST_CASE("a stored name can't smuggle control sequences onto a terminal") {
  CHECK(printable("a\x1b[31mb\n") == "a\\x1b[31mb\\x0a");
  CHECK(printable("\u202Eevil") == "\\xe2\\x80\\xaeevil");
  CHECK(printable("caf\u00e9 \u2192") == "caf\u00e9 \u2192");
  Table table({{"NAME"}});
  table.add_row({"a\tb"});
  CHECK(table.text() == "NAME\na\\x09b\n");
}

TEST_CASE("bytes that are no UTF-8 are shown escaped, however they are broken") {
  CHECK(printable("\xff") == "\\xff");
  CHECK(printable("a\xc3") == "a\\xc3");
  CHECK(printable("\xc3(") == "\\xc3(");
  CHECK(printable("\xe2\x82") == "\\xe2\\x82");
  CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");  // a surrogate
  CHECK(printable("\xc0\xaf") == "\\xc0\\xaf");           // overlong
}

TEST_CASE("long text is cut to the columns given, never inside a character") {
  CHECK(shortened("abcdef", 6) == "abcdef");
  CHECK(shortened("abcdefg", 6) == "abcde…");
  CHECK(shortened("日本語日本語", 6) == "日本…");
  CHECK(display_width(shortened("日本語日本語", 6)) <= 6);
}

TEST_CASE("counts agree with their noun") {
  CHECK(counted(0, "member") == "0 members");
  CHECK(counted(1, "member") == "1 member");
  CHECK(counted(2, "member") == "2 members");
}

TEST_CASE("an error as JSON has code, name, message and retriable") {
  const Error error = make_error(ErrorCode::kFenced, "no \"longer\" yours\xff");
  const Json json = Json::parse(error_json(error));
  CHECK(json["error"]["code"] == 5);
  CHECK(json["error"]["name"] == "FENCED");
  CHECK(json["error"]["message"] == "no \"longer\" yours\uFFFD");
  CHECK(json["error"]["retriable"] == false);
}

TEST_CASE(
    "a table that is wider than the terminal has its longest names shortened, never numbers") {
  muster::tools::Table table({{"GROUP"}, {"LAG", muster::tools::Align::kRight}, {"NOTE"}});
  table.add_row({"a-group-with-quite-a-long-name", "123456789", "short"});
  CHECK(table.text().find("long-name  123456789  short\n") != std::string::npos);
  const muster::tools::StyleMeanwhile narrow({.width = 36, .colours = false});
  CHECK(table.text() ==
        "GROUP                     LAG  NOTE\n"
        "a-group-with-quit…  123456789  short\n");
  const muster::tools::StyleMeanwhile narrower({.width = 10, .colours = false});
  CHECK(table.text().find("a-group-wit…  123456789  short\n") != std::string::npos);
}

TEST_CASE("colours are shown where they are wanted alone, and count no columns") {
  muster::tools::Table table({{"GROUP"}, {"STATE"}, {"N", muster::tools::Align::kRight}});
  table.add_row({"g", "stable", "1"});
  table.paint(1, muster::tools::Colour::kGreen);
  CHECK(table.text() == "GROUP  STATE   N\ng      stable  1\n");
  const muster::tools::StyleMeanwhile coloured({.width = 80, .colours = true});
  CHECK(table.text() ==
        "\x1b[1mGROUP\x1b[0m  \x1b[1mSTATE\x1b[0m   \x1b[1mN\x1b[0m\n"
        "g      \x1b[32mstable\x1b[0m  1\n");
}
