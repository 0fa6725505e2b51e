#include "gate/token_offsets.h"

namespace crossval {
namespace {

constexpr size_t kResyncBytes = 256;  // how far a changed piece may stretch
constexpr size_t kResyncPieces = 4;   // how many pieces in a row may be changed

// Where the next recognisable piece after `from` starts, at or after `cursor`; npos when none is
// near.
size_t resync(std::string_view text, size_t cursor, std::span<const std::string> pieces,
              size_t from) {
  const std::string_view near = text.substr(cursor, kResyncBytes);
  for (size_t i = from; i < pieces.size() && i < from + kResyncPieces; ++i) {
    if (pieces[i].empty()) continue;
    const size_t at = near.find(pieces[i]);
    if (at != std::string_view::npos) return cursor + at;
  }
  return std::string_view::npos;
}

struct Located {
  std::vector<TextRange> ranges;
  size_t found = 0;  // pieces that are what their range holds
};

// The first `added` pieces take no bytes.
Located locate(std::string_view text, std::span<const std::string> pieces, size_t added) {
  Located result;
  result.ranges.assign(added, {});
  result.ranges.reserve(pieces.size());
  size_t cursor = 0;
  for (size_t i = added; i < pieces.size(); ++i) {
    std::string_view piece = pieces[i];
    const std::string_view rest = text.substr(cursor);
    if (cursor == 0 && piece.starts_with(' ') && !rest.starts_with(piece)) piece.remove_prefix(1);
    size_t end = cursor;
    if (rest.starts_with(piece)) {
      end = cursor + piece.size();
      ++result.found;
    } else if (const size_t next = resync(text, cursor, pieces, i + 1);
               next != std::string_view::npos) {
      end = next;
    } else if (i + kResyncPieces >= pieces.size()) {
      end = text.size();  // none of those that are left is in the text
    }
    result.ranges.push_back({cursor, end});
    cursor = end;
  }
  return result;
}

}  // namespace

std::vector<TextRange> locate_pieces(std::string_view text, std::span<const std::string> pieces,
                                     std::string_view bos_text) {
  const bool maybe_added = !pieces.empty() && !bos_text.empty() && pieces[0] == bos_text;
  if (!maybe_added) return locate(text, pieces, 0).ranges;
  Located added = locate(text, pieces, 1);
  if (!text.starts_with(bos_text)) return added.ranges;
  Located written = locate(text, pieces, 0);
  return written.found > added.found ? written.ranges : added.ranges;
}

}  // namespace crossval
