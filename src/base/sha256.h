// SHA-256 of bytes that come in pieces.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace crossval {

class Sha256 {
 public:
  /// Throws std::runtime_error when OpenSSL was set up without SHA-256: the installation is broken.
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void add(std::span<const std::byte> bytes);
  /// Of everything added: 64 hexadecimal digits. Called once, last.
  std::string digest();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

/// Of a text that is there whole.
std::string sha256_of(std::string_view text);

}  // namespace crossval
