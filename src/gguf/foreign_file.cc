#include "gguf/foreign_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/count_text.h"
#include "base/shown_text.h"
#include "base/utf8.h"

namespace crossval {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kDownload =
    "The server answered something else than the file: look at it, then download the file itself "
    "(on Hugging Face the link with /resolve/, with a token where the model asks for one).";
constexpr std::string_view kConvert =
    "Convert the checkpoint that it belongs to with llama.cpp's convert_hf_to_gguf.py.";
constexpr std::string_view kOld =
    "The format is older than GGUF (August 2023): convert the original weights again, or this file "
    "with llama.cpp's convert_llama_ggml_to_gguf.py.";
constexpr std::string_view kUnpack = "Unpack it first.";
constexpr std::string_view kNoModel = "Name the model file.";

struct Signature {
  std::string_view bytes;
  std::string_view name;
  std::string_view advice;
  size_t at = 0;
};

// Numbers of old formats are written as they lie in the file, little-endian.
constexpr Signature kSignatures[] = {
    {"lmgg"sv, "a model in llama.cpp's first format, GGML", kOld},
    {"fmgg"sv, "a model in llama.cpp's old format GGMF", kOld},
    {"tjgg"sv, "a model in llama.cpp's old format GGJT", kOld},
    {"algg"sv, "a LoRA adapter in llama.cpp's old format GGLA", kOld},
    {"nsgg"sv, "a saved session of llama.cpp", kNoModel},
    {"qsgg"sv, "a saved sequence of llama.cpp", kNoModel},
    {"\x1f\x8b"sv, "compressed by gzip", kUnpack},
    {"\xfd"
     "7zXZ\0"sv,
     "compressed by xz", kUnpack},
    {"\x28\xb5\x2f\xfd"sv, "compressed by zstd", kUnpack},
    {"\x04\x22\x4d\x18"sv, "compressed by lz4", kUnpack},
    {"BZh"sv, "compressed by bzip2", kUnpack},
    {"7z\xbc\xaf\x27\x1c"sv, "a 7-Zip archive", kUnpack},
    {"Rar!\x1a\x07"sv, "a RAR archive", kUnpack},
    {"ustar"sv, "a tar archive", kUnpack, 257},
    {"\x93NUMPY"sv, "a NumPy array", kNoModel},
    {"\x89HDF\r\n\x1a\n"sv, "an HDF5 file, as Keras writes it", kConvert},
    {"TFL3"sv, "a TensorFlow Lite model", kConvert, 4},
    {"MZqFpD"sv, "a llamafile or another portable program", "Unpack the GGUF file that is in it."},
    {"\x7f"
     "ELF"sv,
     "a program", kNoModel},
    {"%PDF"sv, "a PDF document", kNoModel},
};

std::string lower_beginning(std::string_view text) {
  std::string lower(text.substr(0, 64));
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

/// Without byte order mark and white space before it.
std::string_view text_start(std::string_view bytes) {
  if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);
  const size_t first = bytes.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string_view() : bytes.substr(first);
}

bool is_text(std::string_view bytes) {
  const std::string_view head = bytes.substr(0, 512);
  const bool cut = bytes.size() > head.size();
  const size_t tail = cut ? incomplete_utf8_tail(head) : 0;
  return is_valid_utf8(head.substr(0, head.size() - tail)) &&
         std::ranges::none_of(head, [](char c) {
           return (c >= 0 && c < 0x20 && c != '\t' && c != '\r' && c != '\n') || c == 0x7F;
         });
}

/// Of a pointer's "size 4368438976", in words.
std::string pointed_size(std::string_view pointer) {
  const size_t at = pointer.substr(0, 1024).find("\nsize ");
  if (at == std::string_view::npos) return "The model itself is elsewhere";
  const std::string_view digits = pointer.substr(at + 6, 20);
  const size_t end = std::min(digits.find_first_not_of("0123456789"), digits.size());
  return fmt::format("The model itself has {} bytes", digits.substr(0, end));
}

std::optional<ForeignFile> text_file(std::string_view bytes) {
  const std::string_view text = text_start(bytes);
  const std::string lower = lower_beginning(text);
  if (lower.starts_with("version https://git-lfs"))
    return ForeignFile{"a Git LFS pointer", pointed_size(text) + ": fetch it with git lfs pull."};
  if (lower.starts_with("<!doctype html") || lower.starts_with("<html"))
    return ForeignFile{"an HTML page", std::string(kDownload)};
  if (!is_text(bytes)) return {};
  const std::string said = shown_text(text.substr(0, text.find('\n')));
  if (text.starts_with("{") || text.starts_with("["))
    return ForeignFile{"JSON text: " + said, std::string(kDownload)};
  if (lower.starts_with("<?xml")) return ForeignFile{"XML text: " + said, std::string(kDownload)};
  return ForeignFile{"a text file: " + said, std::string(kDownload)};
}

/// A u64 with the length of a JSON object, then the object.
bool is_safetensors(std::string_view bytes) {
  uint64_t length = 0;
  if (bytes.size() < sizeof length + 2) return false;
  std::memcpy(&length, bytes.data(), sizeof length);
  return bytes.substr(sizeof length).starts_with("{\"") && length <= bytes.size() - sizeof length;
}

std::optional<ForeignFile> archive(std::string_view bytes) {
  if (!bytes.starts_with("PK\x03\x04")) return {};
  const std::string_view first = bytes.substr(0, 256);  // has the first member's name
  if (first.find(".pkl") != std::string_view::npos)
    return ForeignFile{"a PyTorch checkpoint (a zip archive with a pickle)", std::string(kConvert)};
  if (first.find(".npy") != std::string_view::npos)
    return ForeignFile{"an archive of NumPy arrays", std::string(kNoModel)};
  return ForeignFile{"a zip archive", std::string(kUnpack)};
}

}  // namespace

std::optional<ForeignFile> foreign_file(std::span<const std::byte> data) {
  const std::string_view bytes(reinterpret_cast<const char*>(data.data()), data.size());
  if (bytes.empty()) return {};
  for (const Signature& s : kSignatures) {
    if (bytes.size() >= s.at && bytes.substr(s.at).starts_with(s.bytes))
      return ForeignFile{std::string(s.name), std::string(s.advice)};
  }
  if (auto found = archive(bytes)) return found;
  if (is_safetensors(bytes)) return ForeignFile{"a safetensors file", std::string(kConvert)};
  // A pickle's protocol, then its first operation: a dictionary, a global, a mark or a long.
  if (bytes.size() > 2 && bytes[0] == '\x80' && bytes[1] >= 2 && bytes[1] <= 5 &&
      "}c(\x8a\x95]"sv.find(bytes[2]) != std::string_view::npos)
    return ForeignFile{"a pickle, as older PyTorch checkpoints are", std::string(kConvert)};
  const std::string_view head = bytes.substr(0, 4096);
  if (head.find_first_not_of('\0') == std::string_view::npos) {
    return ForeignFile{"without content: zero bytes only",
                       "A download reserved the room and did not fill it: download it again."};
  }
  return text_file(bytes);
}

std::string piece_advice(const std::string& path) {
  const std::string_view name = std::string_view(path).substr(path.rfind('/') + 1);
  for (const std::string_view mark : {".part", "-part", "-split-", "gguf-split"}) {
    const size_t at = name.find(mark);
    if (at == std::string_view::npos || name.ends_with(".gguf")) continue;
    return fmt::format(
        "The name, {}, is that of a piece of a file that was cut: join all pieces in their order "
        "with cat.",
        shown_text(name));
  }
  return {};
}

}  // namespace crossval
