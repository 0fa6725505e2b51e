// crossval-decode IN.gguf OUT.gguf
#include <llama.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: crossval-decode IN.gguf OUT.gguf\n");
    return 64;
  }
  llama_model_quantize_params params = llama_model_quantize_default_params();
  params.ftype = LLAMA_FTYPE_ALL_F32;
  params.allow_requantize = true;
  params.nthread = 1;
  llama_backend_init();
  const uint32_t failed = llama_model_quantize(argv[1], argv[2], &params);
  llama_backend_free();
  return failed == 0 ? 0 : 1;
}
