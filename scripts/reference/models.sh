# shellcheck shell=bash disable=SC2154
# Models made by llama.cpp itself: the real one in other weight types, small random ones of every architecture.

# The real model requantised: $type/SmolLM2-135M-Instruct.$type.gguf
quantized_model() {
  local quantizer model made name
  quantizer=$(quantize_program)
  model=$(model_file)
  name=$(basename "$model" .Q4_1.gguf).$type.gguf
  made=$(cached "$cache/quantized/$type-$(basename "$(dirname "$quantizer")")" quantize "$quantizer" "$model" "$name")
  printf '%s\n' "$made/$name"
}

quantize_program() {
  local libs
  libs=$(llama_libs)
  program crossval-quantize 'engines/quantize engines/llama/llama_cpp.cmake' '' "-DLLAMA_CPP_BUILD=$libs"
}

quantize() {
  local out=$1 quantizer=$2 model=$3 name=$4
  say "requantising $(basename "$model") to $type"
  logged "quantize-$type" "$quantizer" "$model" "$out/$name" "$type"
}

# A folder of upstream's fixtures: what its test-llama-archs writes, from a fixed seed.
arch_models() {
  pinned_source
  choose_profile
  local key
  key=$(printf '%s\n' "$sha256" "${flags[@]}" "$toolchain" "$arch_seed" | digest)
  cached "$cache/archs/$version-$key" write_archs
}

arch_seed=1

write_archs() {
  local out=$1 tree=$staging/tree
  copy_of_source "$tree"
  say "building upstream's test-llama-archs (minutes, once)"
  configure_and_build archs "$tree" test-llama-archs "${flags[@]}" -DLLAMA_BUILD_COMMON=ON \
    -DLLAMA_BUILD_TESTS=ON -DLLAMA_OPENSSL=OFF "-DLLAMA_BUILD_COMMIT=$note" -DLLAMA_BUILD_NUMBER=0
  say "writing the random models"
  logged archs-write "$built/bin/test-llama-archs" -s "$arch_seed" -o "$out"
  compgen -G "$out/*.gguf" >/dev/null || fail "test-llama-archs wrote no model; its output: $cache/log/archs-write.log"
}
