// Makes a new journal, whole or not at all (builder.h), so that a data.mdb without a journal in it
// is always damage and never a creation that was interrupted.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "journal/error.h"

namespace muster::journal {

/// Whether there is something of that name; kSystem when that can't be looked at.
std::expected<bool, Error> path_exists(const std::string& path);

/// Makes the directory and those above it if they are absent. They are durable afterwards.
std::expected<void, Error> create_directory(const std::string& directory);

/// Makes durable which files the directory has.
std::expected<void, Error> sync_directory(const std::string& directory);

/// Makes an empty journal in a directory that has none, unless something in it shows that there was
/// one. The caller holds the writer's lock.
std::expected<void, Error> create_journal(const std::string& directory, std::uint64_t map_bytes);

}  // namespace muster::journal
