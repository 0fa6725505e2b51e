// Tokenises texts with a tokenizer file, for tests that compare with other libraries.
//
//   tokenize_file FILE      each line of stdin: two flags (add special, parse special; 0 or 1) and
//   the
//                           text in hexadecimal, "10 48656C6C6F"; each line of stdout: the ids, or
//                           "error: …". Exit 5 when the file cannot be used.
//   tokenize_file FILE --pieces     a line for each token: its bytes in hexadecimal
#include <cstdio>
#include <iostream>
#include <string>

#include "tokenizer/tokenizer.h"

namespace {

std::string from_hex(const std::string& text) {
  std::string out;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    out += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 64;
  const auto tokenizer = crossval::Tokenizer::from_file(argv[1]);
  if (!tokenizer) {
    std::fprintf(stderr, "%s\n", tokenizer.error().message().c_str());
    return static_cast<int>(tokenizer.error().code);
  }
  if (argc > 2) {
    for (int32_t id = 0; id < (*tokenizer)->size(); ++id) {
      for (const char c : (*tokenizer)->piece(id, true)) {
        std::printf("%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
      }
      std::printf("\n");
    }
    return 0;
  }
  std::string flags;
  std::string line;
  while (std::getline(std::cin, line)) {
    const auto ids = (*tokenizer)->encode(from_hex(line.substr(3)), line[0] == '1', line[1] == '1');
    if (!ids) {
      std::printf("error: %s\n", ids.error().what.c_str());
      continue;
    }
    for (const int32_t id : *ids) std::printf("%d ", id);
    std::printf("\n");
  }
  return 0;
}
