#include "checkpoint/shards.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <utility>

#include "base/shown_text.h"
#include "checkpoint/config.h"

namespace crossval {
namespace {

constexpr size_t kMostIndexBytes = size_t{1} << 28;

Result<void> add_shard(const std::string& path, Shards& shards) {
  auto map = MappedFile::open(path);
  if (!map) return tl::unexpected(map.error());
  auto tensors = parse_safetensors(map->bytes(), path);
  if (!tensors) return tl::unexpected(tensors.error());
  shards.files.push_back({path, map->bytes().size(), 0});
  shards.maps.push_back(*std::move(map));
  for (SafetensorsTensor& tensor : *tensors) shards.tensors.push_back(std::move(tensor));
  return {};
}

}  // namespace

Result<Shards> open_shards(const std::string& folder) {
  Shards shards;
  const std::string single = folder + "/model.safetensors";
  const std::string index = folder + "/model.safetensors.index.json";
  if (!is_there(index)) {
    if (is_there(single)) {
      if (auto ok = add_shard(single, shards); !ok) return tl::unexpected(ok.error());
      return shards;
    }
    const bool pickled = is_there(folder + "/pytorch_model.bin") ||
                         is_there(folder + "/pytorch_model.bin.index.json");
    return fail(ExitCode::bad_input_file,
                pickled ? "weights as pickles (pytorch_model.bin) are not read: a pickle is a "
                          "program"
                        : "no weights: neither model.safetensors nor an index of shards",
                folder,
                pickled ? "Save the checkpoint again as safetensors, which transformers does by "
                          "save_pretrained."
                        : "Download the checkpoint whole.");
  }
  const auto file = JsonFile::read(index, kMostIndexBytes);
  if (!file) return tl::unexpected(file.error());
  const nlohmann::json* map = file->find("weight_map");
  const auto bad = [&](std::string what) {
    return fail(ExitCode::bad_input_file, std::move(what), index,
                "Download the checkpoint whole, all files from one revision.");
  };
  if (map == nullptr || !map->is_object()) return bad("no object weight_map");
  std::set<std::string> names;
  for (const auto& [tensor, shard] : map->items()) {
    if (!shard.is_string()) return bad("weight_map is not of names to names");
    names.insert(shard.get<std::string>());
  }
  for (const std::string& name : names) {
    // A name alone: an index leads nowhere else.
    if (name.find('/') != std::string::npos || !name.ends_with(".safetensors"))
      return bad(fmt::format("{} is no name of a shard", shown_text(name)));
    const std::string path = fmt::format("{}/{}", folder, name);
    if (!is_there(path)) return bad(fmt::format("the shard {} is missing", name));
    if (auto ok = add_shard(path, shards); !ok) return tl::unexpected(ok.error());
  }
  std::set<std::string_view> seen;
  for (const SafetensorsTensor& tensor : shards.tensors) {
    if (!seen.insert(tensor.name).second)
      return bad(fmt::format("tensor {} is in two shards", shown_text(tensor.name)));
  }
  for (const auto& [tensor, shard] : map->items()) {
    if (!seen.contains(tensor)) {
      return bad(fmt::format("tensor {} is not in {}, where it should be", shown_text(tensor),
                             shard.get<std::string>()));
    }
  }
  return shards;
}

}  // namespace crossval
