#include <string>
#include <utility>

#include "rowfiles/formats.h"

namespace crossval {
RowFileResult open_raw_row(MappedFile& file) {
  if (!file.path().ends_with(".bin")) return nullptr;
  const size_t size = file.bytes().size();
  if (size % sizeof(float) != 0 || size / sizeof(float) > kMostVocabulary) {
    return bad_row_file(file, size, "no row of float32 values: its size is " + std::to_string(size),
                        "A .bin is read as llama.cpp's model-conversion writes it: the logits of "
                        "the last position.");
  }
  RowFileFacts facts{
      .format = "raw float32 row",
      .n_vocab = static_cast<int32_t>(size / sizeof(float)),
      .rows = 1,
      .not_beside_an_engine = "Compare two such files: crossval compare A.bin B.bin.",
      .limits = {"it has the last position of some prompt alone, and says neither "
                 "which nor of which tokens"}};
  return rows_of_array(std::move(file), std::move(facts), 0, ValueType::f32);
}

}  // namespace crossval
