# shellcheck shell=bash disable=SC2154
# llama.cpp's libraries and headers, compiled with a profile's flags: a folder laid out like llama.cpp's
# tree (include, ggml/include) and like its build tree (src/libllama.a, ggml/src/libggml*.a or bin/*.so,
# CMakeCache.txt) at once, so it serves as LLAMA_CPP_SOURCE and as LLAMA_CPP_BUILD.

# What the libraries are made from, relative to a source tree; all of it enters the key.
compiled_parts=(CMakeLists.txt cmake ggml include src)
# Likewise of a tree of bitnet.cpp, which has its llama.cpp inside.
inner=3rdparty/llama.cpp
bitnet_parts=(include src "${compiled_parts[@]/#/$inner/}")

# choose_tree: sets llama (the llama.cpp in $src, relative to it), parts of $src (what is compiled) and
# configured (what CMake asks for besides); fails when it is no tree.
choose_tree() {
  parts=("${compiled_parts[@]}") llama=. configured=(LICENSE licenses vendor common)  # common: ik_llama.cpp
  if [[ -d $src/$inner ]]; then
    [[ -f $src/$inner/include/llama.h ]] ||
      fail "$src/$inner is empty; fetch it: git -C $src submodule update --init --recursive"
    parts=("${bitnet_parts[@]}") llama=$inner configured=("${configured[@]/#/$inner/}" "$inner"/{examples,pocs})
  fi
  [[ -f $src/$llama/include/llama.h && -f $src/$llama/ggml/CMakeLists.txt ]] ||
    fail "$src is no llama.cpp tree, nor one of bitnet.cpp (it has no include/llama.h and ggml/, nor $inner); give its top folder"
}

# Sets profile and flags. canonical: every operation a single IEEE operation in source order, so that the
# result is a property of the source (docs/arithmetic.md). g++ needs -fno-tree-vectorize for that: its
# pattern for add/subtract pairs fuses in spite of -ffp-contract=off.
choose_profile() {
  profile=${profile:-canonical}
  local cxx exact=-ffp-contract=off amx=
  cxx=$(compiler)
  [[ $cxx == *clang* ]] || exact+=' -fno-tree-vectorize'
  flags=(-DCMAKE_BUILD_TYPE=Release -DLLAMA_BUILD_COMMON=OFF -DLLAMA_BUILD_TOOLS=OFF
         -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF)
  case $profile in
    canonical)
      flags+=(-DBUILD_SHARED_LIBS=OFF -DGGML_NATIVE=OFF -DGGML_AVX=ON -DGGML_AVX2=ON -DGGML_FMA=ON
              -DGGML_F16C=ON -DGGML_BMI2=ON -DGGML_LLAMAFILE=OFF -DGGML_CPU_REPACK=OFF -DGGML_OPENMP=OFF
              "-DCMAKE_C_FLAGS=$exact" "-DCMAKE_CXX_FLAGS=$exact") ;;
    production)
      # g++ 12 drops stores before its _tile_loadconfig: AMX code dies with SIGSEGV.
      [[ $cxx == *clang* || $(uname -m) != x86_64 ]] || amx='-mno-amx-tile -mno-amx-int8 -mno-amx-bf16'
      flags+=(-DBUILD_SHARED_LIBS=ON -DCMAKE_BUILD_RPATH_USE_ORIGIN=ON
              "-DCMAKE_C_FLAGS=$amx" "-DCMAKE_CXX_FLAGS=$amx") ;;
    *) fail "unknown profile: $profile; there are canonical and production" ;;
  esac
  toolchain=$cxx
  # ik_llama.cpp's flash attention over quantised caches is never asked for by this profile, and takes
  # minutes to compile.
  [[ $profile != canonical || ! ( -d $src/ggml/src/iqk || ${package:-} == ik-* ) ]] ||
    flags+=(-DGGML_IQK_FA_ALL_QUANTS=OFF)
  # -march=native compiles for this very CPU
  [[ $profile == canonical ]] || toolchain+=$(grep -m 1 ^flags /proc/cpuinfo)
}

llama_libs() {
  if [[ -n $build ]]; then
    built_tree
    return
  fi
  local id commit name key made
  if [[ -n $src ]]; then
    local parts llama configured
    choose_tree
    name=src commit=$(commit_of "$src" "${parts[@]}") id=$(tree_digest "$src" "${parts[@]}")
  else
    pinned_source
    name=$version commit=$note id=$sha256
  fi
  choose_profile
  key=$(printf '%s\n' "$id" "$commit" "${flags[@]}" "$toolchain" | digest)
  made=$cache/libs/$name-$profile-$key
  [[ -z $src || -e $made ]] || known_era "$src/$llama"
  cached "$made" build_libs "$id" "$commit"
}

# build_libs OUT ID COMMIT. The user's tree is copied first: nothing is written there, and what is
# compiled is what was hashed.
build_libs() {
  local out=$1 id=$2 commit=$3 tree=$staging/tree
  if [[ -n $src ]]; then
    mkdir "$tree"
    local part
    for part in "${parts[@]}" "${configured[@]}"; do
      [[ ! -e $src/$part ]] || (cd "$src" && cp -a --parents -t "$tree" "$part")
    done
    [[ $(tree_digest "$tree" "${parts[@]}") == "$id" ]] ||
      fail "$src changed while it was copied; run again"
    # bitnet.cpp's setup writes it, for TL1 and TL2 alone.
    [[ $llama == . || -e $tree/include/bitnet-lut-kernels.h ]] || : > "$tree/include/bitnet-lut-kernels.h"
  else
    local llama=.
    copy_of_source "$tree"
    known_era "$tree"
  fi
  say "building llama.cpp ${src:-$version}, profile $profile (minutes, once)"
  # Of bitnet.cpp its llama.cpp alone: the project around it adds what nobody needs here, and for g++ this flag.
  [[ $llama == . || $toolchain == *clang* ]] || flags=("${flags[@]/#-DCMAKE_CXX_FLAGS=/-DCMAKE_CXX_FLAGS=-fpermissive }")
  configure_and_build libs "$tree/$llama" llama "${flags[@]}" "-DLLAMA_BUILD_COMMIT=$commit" -DLLAMA_BUILD_NUMBER=0
  mkdir -p "$out/ggml"
  cp -a "$tree/$llama/include" "$out/"
  cp -a "$tree/$llama/ggml/include" "$out/ggml/"
  (cd "$built" &&
    find . \( -name '*.a' -o -name '*.so*' -o -name CMakeCXXCompiler.cmake \) -exec cp -a --parents -t "$out" {} +)
  sed "s|^CMAKE_HOME_DIRECTORY:.*|CMAKE_HOME_DIRECTORY:INTERNAL=$path|" "$built/CMakeCache.txt" \
    > "$out/CMakeCache.txt"  # the headers are here, whatever becomes of the source
}

# commit_of DIR PART…: short commit of the git tree DIR, "-dirty" when one of the parts, what is compiled,
# differs from it; "unknown" for a folder that is no git tree of its own.
commit_of() {
  local top commit
  top=$(git -C "$1" rev-parse --show-toplevel 2>/dev/null || true)
  if [[ -z $top || $(realpath "$top") != $(realpath "$1") ]]; then
    printf 'unknown\n'
    return
  fi
  commit=$(git -C "$1" rev-parse --short=9 HEAD)
  [[ -z $(git -C "$1" status --porcelain -- "${@:2}") ]] || commit+=-dirty
  printf '%s\n' "$commit"
}

# The user's own build, as it is.
built_tree() {
  [[ -f $build/CMakeCache.txt ]] ||
    fail "$build is no CMake build tree (no CMakeCache.txt); give --build the folder of cmake -B"
  realpath "$build"
}
