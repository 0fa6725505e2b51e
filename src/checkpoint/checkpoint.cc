#include "checkpoint/checkpoint.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "base/memory.h"
#include "base/shown_text.h"
#include "checkpoint/architecture.h"
#include "checkpoint/config.h"
#include "checkpoint/key_list.h"
#include "checkpoint/numbers.h"
#include "checkpoint/rope.h"
#include "checkpoint/shards.h"
#include "checkpoint/tensors.h"
#include "checkpoint/vocabulary.h"
#include "gguf/assembled_file.h"
#include "quant/format.h"

namespace crossval {
namespace {

constexpr size_t kMostConfigBytes = size_t{1} << 24;

// Members of config.json that say nothing about what is computed, or what the tensors show too.
constexpr std::string_view kWithoutMeaning[] = {"_name_or_path",
                                                "architectures",
                                                "attention_bias",
                                                "attention_dropout",
                                                "attention_out_bias",
                                                "attn_implementation",
                                                "attn_pdrop",
                                                "auto_map",
                                                "cache_implementation",
                                                "classifier_dropout",
                                                "dtype",
                                                "embd_pdrop",
                                                "embedding_dropout",
                                                "head_dim",
                                                "hidden_dropout",
                                                "id2label",
                                                "initializer_range",
                                                "is_decoder",
                                                "label2id",
                                                "max_window_layers",
                                                "mlp_bias",
                                                "model_type",
                                                "num_labels",
                                                "output_router_logits",
                                                "pretraining_tp",
                                                "resid_pdrop",
                                                "residual_dropout",
                                                "return_dict",
                                                "router_aux_loss_coef",
                                                "router_jitter_noise",
                                                "summary_activation",
                                                "summary_first_dropout",
                                                "summary_proj_to_labels",
                                                "summary_type",
                                                "summary_use_proj",
                                                "task_specific_params",
                                                "tie_word_embeddings",
                                                "torch_dtype",
                                                "transformers_version",
                                                "use_bias",
                                                "use_cache",
                                                "use_qkv_bias",
                                                "use_sliding_window",
                                                "vocab_size",
                                                "bos_token_id",
                                                "eos_token_id",
                                                "pad_token_id",
                                                "max_position_embeddings",
                                                "hidden_size",
                                                "intermediate_size"};

Result<const CheckpointArchitecture*> architecture_of(const JsonFile& config) {
  const nlohmann::json* names = config.find("architectures");
  std::string name;
  if (names != nullptr && names->is_array() && !names->empty() && names->front().is_string())
    name = names->front().get<std::string>();
  const CheckpointArchitecture* found = find_checkpoint_architecture(name);
  if (found != nullptr) return found;
  std::string known;
  for (const CheckpointArchitecture& row : checkpoint_architectures())
    known += (known.empty() ? "" : ", ") + std::string(row.class_name);
  const std::string type = config.text("model_type");
  return fail(ExitCode::bad_input_file,
              name.empty() ? "config.json names no architecture"
                           : fmt::format("architecture {}{} is not supported", shown_text(name),
                                         type.empty() ? "" : " (" + shown_text(type) + ")"),
              config.path(), fmt::format("Supported: {}.", known));
}

class Assembly {
 public:
  explicit Assembly(const std::string& folder) : folder_(folder) {}

  Result<GgufFile> run() {
    if (!is_there(folder_ + "/config.json")) {
      return fail(ExitCode::bad_input_file, "it is a folder without a config.json", folder_,
                  "Name a model file, or the folder of a Hugging Face checkpoint.");
    }
    const auto config = JsonFile::read(folder_ + "/config.json", kMostConfigBytes);
    if (!config) return tl::unexpected(config.error());
    const auto row = architecture_of(*config);
    if (!row) return tl::unexpected(row.error());
    auto shards = open_shards(folder_);
    if (!shards) return tl::unexpected(shards.error());
    keys_.add_text("general.architecture", std::string((*row)->gguf));
    const std::filesystem::path path(folder_);
    keys_.add_text("general.name",
                   (path.has_filename() ? path : path.parent_path()).filename().string());
    const HeadSizes sizes = head_sizes(*config);
    Losses losses;
    add_numbers(*config, **row, keys_, losses);
    computed_ = add_rope(*config, **row, keys_, losses);
    if (config->error()) return tl::unexpected(*config->error());
    auto made = map_tensors(shards->tensors, **row, sizes, folder_);
    if (!made) return tl::unexpected(made.error());
    if (auto ok = check_head(*config, *made); !ok) return tl::unexpected(ok.error());
    if (auto ok = fits(*made); !ok) return tl::unexpected(ok.error());
    if (auto ok = add_vocabulary(folder_, *config, keys_); !ok) return tl::unexpected(ok.error());
    if (config->error()) return tl::unexpected(*config->error());
    add_notes(*config, losses, *made);
    for (const MadeTensor& tensor : *made) add(tensor, sizes, *shards);
    for (const ComputedTensor& tensor : computed_) add(tensor, shards->maps.size());
    content_.path = folder_;
    content_.parts = std::move(shards->files);
    content_.maps = std::move(shards->maps);
    content_.keys = keys_.take();
    content_.memory = memory_;
    return assemble_gguf(std::move(content_));
  }

 private:
  /// A head that is not the embedding is there.
  Result<void> check_head(const JsonFile& config, const std::vector<MadeTensor>& made) const {
    const auto tied = config.flag("tie_word_embeddings");
    if (!tied || *tied || std::ranges::find(made, "output.weight", &MadeTensor::name) != made.end())
      return {};
    return fail(ExitCode::bad_input_file,
                "the head is missing, and config.json says that it is not the embedding "
                "(tie_word_embeddings is false)",
                folder_, "Download the checkpoint whole.");
  }

  /// Whether there is memory for what is made.
  Result<void> fits(const std::vector<MadeTensor>& made) const {
    constexpr uint64_t kMegabyte = 1'000'000;
    uint64_t needed = 0;
    for (const MadeTensor& tensor : made)
      if (!tensor.as_stored) needed += tensor.bytes();
    const uint64_t available = available_memory();
    if (needed <= available) return {};
    return fail(
        ExitCode::engine_failed,
        fmt::format("{} MB of weights lie otherwise in a GGUF and are made in memory, {} MB "
                    "are available",
                    needed / kMegabyte, available / kMegabyte),
        folder_, "Convert the checkpoint, and give the GGUF.");
  }

  void add_notes(const JsonFile& config, const Losses& losses,
                 const std::vector<MadeTensor>& made) {
    for (const std::string_view name : kWithoutMeaning) config.find(name);
    if (auto unread = config.unread(); !unread.empty())
      keys_.add_texts("checkpoint.unread", std::move(unread));
    if (!losses.lost.empty()) keys_.add_texts("checkpoint.lost", losses.lost);
    if (!losses.not_computed.empty())
      keys_.add_texts("checkpoint.not_computed", losses.not_computed);
    std::vector<std::string> changes;
    for (const MadeTensor& tensor : made) {
      const TensorChange change = tensor.plus_one ? TensorChange::plus_one : tensor.change;
      if (change != TensorChange::none)
        changes.push_back(fmt::format("{}: {}", tensor.name, change_words(change)));
    }
    for (const ComputedTensor& tensor : computed_)
      changes.push_back(tensor.name + ": computed from config.json");
    keys_.add_texts("checkpoint.changes", std::move(changes));
  }

  void add(const MadeTensor& made, const HeadSizes& sizes, const Shards& shards) {
    GgufTensor tensor;
    tensor.name = memory_->keep(made.name);
    tensor.type_id = made.type_id;
    tensor.dims = static_cast<int>(made.ne.size());
    std::ranges::copy(made.ne, tensor.ne.begin());
    if (made.as_stored) {
      tensor.data = made.sources.front()->data;
      for (size_t i = 0; i < shards.maps.size(); ++i) {
        const auto bytes = shards.maps[i].bytes();
        if (tensor.data.data() < bytes.data() || tensor.data.data() >= bytes.data() + bytes.size())
          continue;
        tensor.part = static_cast<int>(i);
        tensor.offset = static_cast<uint64_t>(tensor.data.data() - bytes.data());
      }
    } else {
      tensor.part = static_cast<int>(shards.maps.size());
      tensor.data = memory_->bytes.emplace_back(bytes_of(made, sizes));
    }
    content_.tensors.push_back(tensor);
  }

  void add(const ComputedTensor& computed, size_t maps) {
    const auto bytes = std::as_bytes(std::span(computed.values));
    GgufTensor tensor;
    tensor.name = memory_->keep(computed.name);
    tensor.type_id = static_cast<uint32_t>(WeightType::f32);
    tensor.dims = 1;
    tensor.ne[0] = std::ssize(computed.values);
    tensor.part = static_cast<int>(maps);
    tensor.data = memory_->bytes.emplace_back(bytes.begin(), bytes.end());
    content_.tensors.push_back(tensor);
  }

  const std::string& folder_;
  std::shared_ptr<CheckpointMemory> memory_ = std::make_shared<CheckpointMemory>();
  KeyList keys_{*memory_};
  std::vector<ComputedTensor> computed_;
  GgufContent content_;
};

}  // namespace

Result<GgufFile> read_checkpoint(const std::string& folder) { return Assembly(folder).run(); }

}  // namespace crossval
