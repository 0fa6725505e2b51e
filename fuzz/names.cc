// Files of names: any bytes are read or refused, and what is read is written so that it is read
// again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "names/names_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace crossval;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto file = NamesFile::parse(text, "names.json");
  if (!file) return 0;
  for (const auto& [theirs, names] : file->entries()) {
    const TraceTensor tensor = {.name = theirs, .op = "ADD", .data = {}};
    for (const GivenName& name : file->names_of(tensor)) (void)file->sources_of(name.name);
  }
  const auto again = NamesFile::parse(names_text(file->entries()), "again");
  if (!again || again->entries().size() != file->entries().size()) std::abort();
  return 0;
}
