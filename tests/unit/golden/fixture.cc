#include "fixture.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace muster::golden {
namespace {

constexpr std::size_t kBytesPerLine = 32;

std::string from_hexadecimal(const std::string& digits) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < digits.size(); at += 2) {
    bytes.push_back(static_cast<char>(std::stoi(digits.substr(at, 2), nullptr, 16)));
  }
  return bytes;
}

std::string to_hexadecimal(const std::string& bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    if (at % kBytesPerLine == 0) text += "\n  ";
    text += fmt::format("{:02x}", static_cast<unsigned char>(bytes[at]));
  }
  return text;
}

}  // namespace

Fixture::Fixture(const std::string& file) : path_(std::string(GOLDEN_FOLDER) + "/" + file) {
  std::ifstream stream(path_);
  if (!stream) throw std::runtime_error("cannot read the fixture " + path_);
  for (std::string line; std::getline(stream, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    if (!line.starts_with(' ')) {
      pieces_.emplace_back(line, "");
    } else {
      pieces_.back().second += from_hexadecimal(line.substr(line.find_first_not_of(' ')));
    }
  }
}

std::vector<std::string> Fixture::names() const {
  std::vector<std::string> names;
  for (const auto& [name, bytes] : pieces_) names.push_back(name);
  return names;
}

const std::string& Fixture::bytes(const std::string& name) const {
  const auto found =
      std::ranges::find(pieces_, name, [](const auto& piece) { return piece.first; });
  if (found == pieces_.end()) throw std::runtime_error(path_ + " has no " + name);
  return found->second;
}

void Fixture::require_same(const std::string& name, const std::string& bytes_today) const {
  const auto found =
      std::ranges::find(pieces_, name, [](const auto& piece) { return piece.first; });
  const bool same = found != pieces_.end() && found->second == bytes_today;
  CHECK_MESSAGE(
      same, "the bytes of ", name, " are not those of ", path_,
      ".\nJournals hold the old bytes. New in this version: add them to the fixture. "
      "Changed: raise kFormat in journal/header.h, keep reading the old format or say how "
      "to get rid of it, and make a folder of fixtures for the new one.\nToday:\n",
      name, to_hexadecimal(bytes_today));
}

}  // namespace muster::golden
