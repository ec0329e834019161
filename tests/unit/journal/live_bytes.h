// Which bytes of a journal's file mean something: its own account of LMDB's pages, for tests of
// what a changed byte does. The file must be sound.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace muster::journal::test {

enum class ByteUse : std::uint8_t {
  kSlack,   // never read: free pages, gaps within pages, fields that are not used
  kLooked,  // read, but a wrong one may do no harm: the older meta page, the size of the map, the
            // transactions of the free lists, keys of branches of the free list
  kMeta,    // the newer meta page
  kPage,    // the head of a page, where its entries lie and how long they are
  kLink,    // the number of another page
  kKey,
  kHeader,    // the journal's header, and the root of the records
  kRecord,    // a record's value
  kFreeList,  // the numbers of free pages
};

/// For every byte of the file.
std::vector<ByteUse> uses_of_bytes(const std::string& file);

/// Whether the journal would be another one if the byte were.
inline bool is_live(ByteUse use) { return use != ByteUse::kSlack && use != ByteUse::kLooked; }

}  // namespace muster::journal::test
