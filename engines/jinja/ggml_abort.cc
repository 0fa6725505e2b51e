// The one symbol of ggml that common/json.cpp needs: its assertions end in it.
#include <cstdio>
#include <cstdlib>

#include "ggml.h"

extern "C" void ggml_abort(const char* file, int line, const char*, ...) {
  std::fprintf(stderr, "assertion failed at %s:%d\n", file, line);
  std::abort();
}
