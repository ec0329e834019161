// What a journal's file holds, as one transaction left it: the main tree has the header under
// "header" and the tree of records under "records". Snapshots will stand beside them.
#pragma once

#include <expected>
#include <string_view>

#include "journal/error.h"
#include "journal/header.h"
#include "journal/lmdb_format.h"
#include "journal/page_file.h"

namespace muster::journal {

inline constexpr std::string_view kDataFile = "data.mdb";
inline constexpr std::string_view kReadersFile = "lock.mdb";  // LMDB's table of readers
inline constexpr std::string_view kHeaderKey = "header";
inline constexpr const char* kRecordsTree = "records";

struct Contents {
  Header header;
  lmdb::Tree records;
};

/// kCorrupt (also when it is a file of LMDB but no journal) or kNewerFormat. `meta` belongs to a
/// transaction whose pages nobody overwrites meanwhile.
std::expected<Contents, Error> read_contents(const PageFile& file, const lmdb::Meta& meta);

/// kCorrupt unless there are as many records as the header counts. Not a part of read_contents:
/// whoever reads the records finds which of them is missing.
std::expected<void, Error> check_count(const PageFile& file, const Contents& contents);

inline const lmdb::Meta& newest(const PageFile::Metas& metas) {
  return metas[metas[0].transaction < metas[1].transaction ? 1 : 0];
}

}  // namespace muster::journal
