// A file of names (docs/tensor-names.md, "Another engine's names"): by what names the tensors of an
// engine go here, whole or in parts.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "protocol/answers.h"
#include "protocol/request.h"

namespace crossval {

/// The key of every engine that takes such a file.
inline constexpr const char* kNamesKey = "names";

/// What a tensor, or some of its columns, is called here. In a pattern's, kLayerMark stands in
/// `name` for the layer.
struct GivenName {
  std::string name, op;
  int32_t occurrence = 0;
  std::optional<Range> columns{};  // of the tensor's values per position; none: all
};

class NamesFile {
 public:
  static constexpr std::string_view kLayerMark = "{N}";

  /// `path` is named in errors (usage): no JSON, no object of names, a name that is no "NAME OP",
  /// columns that are none, a pattern whose layer stands on one side alone.
  static Result<NamesFile> parse(std::string_view text, const std::string& path);

  /// Reads a file of at most 16 MB. Errors: those of read_file and parse.
  static Result<NamesFile> read(const std::string& path);

  /// What the tensor becomes, with its layer in place of the mark; empty: it is not renamed.
  std::vector<GivenName> names_of(const TraceTensor& tensor) const;

  /// The engine's own names, without operation, of tensors that `name` may be made of.
  std::vector<std::string> sources_of(std::string_view name) const;

  /// Whether some names are of columns.
  bool cuts() const;

  /// By the engine's name, as they stand in the file: "NAME" or "NAME OP", as label_of has it.
  const std::map<std::string, std::vector<GivenName>>& entries() const { return entries_; }

 private:
  std::map<std::string, std::vector<GivenName>> entries_;
};

/// A file of these names, as parse reads it.
std::string names_text(const std::map<std::string, std::vector<GivenName>>& entries);

/// "Qcur-0 ROPE" or "norm-0 RMS_NORM #2" taken apart; nothing: it is not written so.
std::optional<GivenName> parse_label(std::string_view label);

/// Whether `given`, its mark standing for any layer, is the tensor of that label.
bool is_called(const GivenName& given, std::string_view label);

/// The layer behind the last '-' of a name: 3 of "Qcur-3"; −1: none.
int32_t layer_of(std::string_view name);

}  // namespace crossval
