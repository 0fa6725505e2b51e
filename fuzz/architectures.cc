// The metadata and tensor lists of every architecture: a tiny model as synth makes it, edited as
// the input says, loaded, and two tokens through whatever loads. Without edits it must load and
// run.
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "gguf/file.h"
#include "gguf/writer.h"
#include "model/architecture.h"
#include "quant/format.h"
#include "synth/synth.h"
#include "two_tokens.h"

namespace crossval {
namespace {

constexpr uint64_t kLargestTensor = uint64_t{1} << 18;  // bytes: small ones find as much, sooner

/// Bytes of the input, zeros behind its end.
class Input {
 public:
  Input(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  bool empty() const { return at_ >= size_; }
  uint8_t byte() { return empty() ? 0 : data_[at_++]; }
  uint64_t word() {
    uint64_t word = 0;
    for (int i = 0; i < 8; ++i) word |= uint64_t{byte()} << (8 * i);
    return word;
  }

 private:
  const uint8_t* data_;
  size_t size_;
  size_t at_ = 0;
};

struct Tensor {
  std::string_view name;
  uint32_t type_id;
  std::vector<int64_t> ne;
  std::vector<std::byte> bytes;
};

struct Model {
  std::vector<GgufKey> keys;
  std::vector<Tensor> tensors;
  std::deque<std::string> numbers;  // of edited arrays
};

/// A model file in memory.
struct Made {
  std::vector<char> bytes;
  GgufFile file;
};

Made make(const Architecture& architecture, bool experts, bool mixed, uint8_t seed) {
  const std::string path =
      std::filesystem::temp_directory_path() / ("fuzz_architectures." + std::to_string(getpid()));
  SynthOptions options{.architecture = std::string(architecture.name),
                       .layers = 2,
                       .embd = 64,
                       .heads = 4,
                       .ff = 64,
                       .window = architecture.window.kind == WindowKind::none ? 0 : 2,
                       .context = 16,
                       .extras = seed != 0,
                       .seed = seed,
                       .path = path};
  options.types = {&weight_format(WeightType::f32)};
  if (mixed) options.types.push_back(&weight_format(WeightType::q8_0));
  if (experts && architecture.experts.presence != Presence::absent) options.experts = 3;
  if (!synthesize(options)) __builtin_trap();
  std::ifstream in(path, std::ios::binary);
  std::vector<char> bytes(std::istreambuf_iterator<char>(in), {});
  std::filesystem::remove(path);
  auto file = GgufFile::parse(std::as_bytes(std::span(bytes)), "made");
  if (!file) __builtin_trap();
  return {std::move(bytes), std::move(*file)};
}

/// Architecture, experts, a second weight type, optional parts: made once for a process.
const GgufFile& base_model(Input& input) {
  static std::map<std::tuple<size_t, int, int>, Made> models;
  const std::span<const Architecture> all = architectures();
  const size_t index = input.byte() % all.size();
  const int flags = input.byte() & 3;
  const int seed = input.byte() & 3;
  const auto key = std::tuple(index, flags, seed);
  auto found = models.find(key);
  if (found == models.end()) {
    Made made = make(all[index], (flags & 1) != 0, (flags & 2) != 0, static_cast<uint8_t>(seed));
    found = models.emplace(key, std::move(made)).first;
  }
  return found->second.file;
}

Model copy_of(const GgufFile& file) {
  Model model;
  model.keys.assign(file.keys().begin(), file.keys().end());
  for (const GgufTensor& tensor : file.tensors()) {
    model.tensors.push_back({tensor.name,
                             tensor.type_id,
                             {tensor.ne.begin(), tensor.ne.begin() + tensor.dims},
                             {tensor.data.begin(), tensor.data.end()}});
  }
  return model;
}

void edit_array(GgufArray& array, Input& input, Model& model) {
  const uint8_t where = input.byte();
  const uint64_t value = input.word();
  if (array.numbers == nullptr || array.count == 0) return;
  const uint64_t width = gguf_element_bytes(array.element);
  std::string& numbers =
      model.numbers.emplace_back(reinterpret_cast<const char*>(array.numbers), array.count * width);
  std::memcpy(numbers.data() + where % array.count * width, &value, width);
  array.numbers = reinterpret_cast<const std::byte*>(numbers.data());
  if ((value >> 63) != 0) array.count = where % array.count;
}

void edit_key(Model& model, Input& input) {
  static constexpr std::string_view kTexts[] = {"", "none", "linear", "yarn", "longrope", "llama3"};
  if (model.keys.empty()) return;
  const auto at = input.byte() % model.keys.size();
  GgufKey& key = model.keys[at];
  const uint8_t how = input.byte();
  switch (how % 6) {
    case 0:
      model.keys.erase(model.keys.begin() + static_cast<ptrdiff_t>(at));
      break;
    case 1:
      key.type = GgufType::u32;
      key.value = uint64_t{input.byte()};
      break;
    case 2:
      key.type = GgufType::i64;
      key.value = static_cast<int64_t>(input.word());
      break;
    case 3: {
      key.type = GgufType::f32;
      const auto bits = static_cast<uint32_t>(input.word());
      float value = 0;
      std::memcpy(&value, &bits, sizeof value);
      key.value = double{value};
      break;
    }
    case 4:
      key.type = GgufType::string;
      key.value = kTexts[input.byte() % std::size(kTexts)];
      break;
    default:
      if (auto* array = std::get_if<GgufArray>(&key.value)) edit_array(*array, input, model);
  }
}

void edit_tensor(Model& model, Input& input) {
  if (model.tensors.empty()) return;
  Tensor& tensor = model.tensors[input.byte() % model.tensors.size()];
  const uint8_t how = input.byte();
  const uint8_t what = input.byte();
  switch (how % 4) {
    case 0:
      std::swap(tensor, model.tensors.back());
      model.tensors.pop_back();
      return;
    case 1:
      tensor.ne[what % tensor.ne.size()] = input.byte() + 1;
      break;
    case 2:
      tensor.type_id = what % 42;
      break;
    default:
      std::ranges::fill(tensor.bytes, std::byte{what});
  }
}

/// The file that the edited model makes; empty where it cannot be one (a part of a block).
std::vector<std::byte> file_of(Model& model) {
  GgufWriter writer("");
  for (const GgufKey& key : model.keys) writer.add_key(key.name, key.type, key.value);
  for (Tensor& tensor : model.tensors) {
    const WeightFormat* format = find_weight_format(tensor.type_id);
    int64_t elements = 1;
    for (const int64_t n : tensor.ne) elements *= n;
    if (format == nullptr || tensor.ne[0] % format->block_elements != 0) return {};
    const auto bytes = static_cast<uint64_t>(format->tensor_bytes(elements));
    if (bytes > kLargestTensor) return {};
    tensor.bytes.resize(bytes);
    writer.add_tensor(tensor.name, tensor.type_id, tensor.ne, bytes);
  }
  const std::string header = writer.header();
  const auto head = std::as_bytes(std::span(header));
  std::vector<std::byte> file(head.begin(), head.end());
  for (const Tensor& tensor : model.tensors) {
    file.insert(file.end(), tensor.bytes.begin(), tensor.bytes.end());
    file.resize((file.size() + 31) / 32 * 32);
  }
  return file;
}

void run(Input input) {
  Model model = copy_of(base_model(input));
  const bool edited = !input.empty();
  while (!input.empty()) {
    if ((input.byte() & 1) != 0) {
      edit_key(model, input);
    } else {
      edit_tensor(model, input);
    }
  }
  const std::vector<std::byte> file = file_of(model);
  if (file.empty()) return;
  if (!runs_two_tokens(file) && !edited) __builtin_trap();
}

}  // namespace
}  // namespace crossval

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  crossval::run(crossval::Input(data, size));
  return 0;
}
