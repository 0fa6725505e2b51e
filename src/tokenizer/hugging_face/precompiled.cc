#include "tokenizer/hugging_face/precompiled.h"

#include <utf8proc.h>

#include "tokenizer/text/code_points.h"

namespace crossval {
namespace {

constexpr size_t kLongestWhole = 5;  // bytes of a cluster that is looked up as a whole

// Bytes of the grapheme cluster that `text` begins with.
size_t first_cluster(std::string_view text) {
  size_t end = 0;
  auto before = static_cast<utf8proc_int32_t>(next_code_point(text, &end));
  utf8proc_int32_t state = 0;  // utf8proc's, from one character of the cluster to the next
  while (end < text.size()) {
    size_t next = end;
    const auto after = static_cast<utf8proc_int32_t>(next_code_point(text, &next));
    if (utf8proc_grapheme_break_stateful(before, after, &state)) break;
    before = after;
    end = next;
  }
  return end;
}

}  // namespace

Result<std::string> hf_precompiled(const Charsmap& map, std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::string_view cluster = text.substr(0, first_cluster(text));
    text.remove_prefix(cluster.size());
    if (cluster.size() <= kLongestWhole) {
      const auto whole = map.shortest(cluster);
      if (!whole) return tl::unexpected(whole.error());
      if (whole->consumed > 0) {
        out += whole->text;
        continue;
      }
    }
    while (!cluster.empty()) {
      size_t size = 0;
      next_code_point(cluster, &size);
      const std::string_view character = cluster.substr(0, size);
      const auto found = map.shortest(character);
      if (!found) return tl::unexpected(found.error());
      out += found->consumed > 0 ? found->text : character;
      cluster.remove_prefix(size);
    }
  }
  return out;
}

}  // namespace crossval
