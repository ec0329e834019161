// Checks the structure of a whole journal file: that its trees are trees, in order and as large as
// they say, and that each page has one use: in a tree or as a free page. After that LMDB may write
// to the file without harm: a page that is in use and yet listed as free would be overwritten by
// the next commit.
//
// Values are not read here; the records' checksums and gaplessness are the reader's business.
#pragma once

#include <expected>

#include "journal/error.h"
#include "journal/lmdb_format.h"
#include "journal/page_file.h"

namespace muster::journal {

/// `meta` is the newest one. No writer may be at work, except on other pages than these (a reader's
/// transaction holds them).
std::expected<void, Error> check_structure(const PageFile& file, const lmdb::Meta& meta);

}  // namespace muster::journal
