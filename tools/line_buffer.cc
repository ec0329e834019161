#include "tools/line_buffer.h"

namespace muster::tools {

void LineBuffer::add(std::string_view bytes, const Each& each) {
  for (std::size_t end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
    begun_.append(bytes.substr(0, end));
    each({.text = begun_, .whole = !in_pieces_});
    begun_.clear();
    in_pieces_ = false;
    bytes.remove_prefix(end + 1);
  }
  begun_.append(bytes);
  if (begun_.size() < line_bytes_max_) return;
  each({.text = begun_, .whole = false});
  begun_.clear();
  in_pieces_ = true;
}

void LineBuffer::end(const Each& each) {
  if (!begun_.empty()) each({.text = begun_, .whole = false});
  begun_.clear();
  in_pieces_ = false;
}

}  // namespace muster::tools
