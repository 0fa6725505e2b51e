// A set of byte strings with a number each, walked byte by byte.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace crossval {

class ByteTrie {
 public:
  static constexpr int32_t kNone = -1;

  /// Of equal keys the last one's value counts; empty keys are left out.
  explicit ByteTrie(std::vector<std::pair<std::string_view, int32_t>> keys);
  ByteTrie() : ByteTrie(std::vector<std::pair<std::string_view, int32_t>>{}) {}

  /// The node behind `byte`, kNone when no key goes on so. Start from root(byte).
  int32_t root(char byte) const { return roots_[static_cast<uint8_t>(byte)]; }
  int32_t child(int32_t node, char byte) const;
  /// The value of the key that ends at `node`; kNone: none does.
  int32_t value(int32_t node) const { return nodes_[static_cast<size_t>(node)].value; }

  struct Match {
    int32_t value = kNone;
    size_t size = 0;  // bytes
  };
  /// The longest key that `text` begins with.
  Match longest(std::string_view text) const;
  /// How many bytes of `text` some key begins with, whether or not a key ends there.
  size_t longest_path(std::string_view text) const;

 private:
  struct Node {
    int32_t value = kNone;
    uint32_t first_child = 0;  // children are neighbours, in order of their bytes
    uint16_t children = 0;
    uint8_t byte = 0;
  };

  std::vector<Node> nodes_;
  std::array<int32_t, 256> roots_;
};

}  // namespace crossval
