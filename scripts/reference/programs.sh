# shellcheck shell=bash disable=SC2154
# The small programs that link llama.cpp: each is a CMake project of its own under engines/.

worker_program() {
  local libs tree commit arithmetic=${profile:-canonical} state=''
  libs=$(llama_libs)
  if [[ -n $build ]]; then
    tree=$(cached_variable "$libs" CMAKE_HOME_DIRECTORY)
    commit=$(commit_of "$tree" "${compiled_parts[@]}") arithmetic=as-built
    # built again, linked again
    state=$(find "$libs" \( -name 'lib*.a' -o -name 'lib*.so*' -o -name CMakeCache.txt \) -printf '%p %s %T@\n' |
      LC_ALL=C sort)
  else
    commit=$(cached_variable "$libs" LLAMA_BUILD_COMMIT)
  fi
  program crossval-llama-worker 'engines/llama src/protocol' "$state" "-DLLAMA_CPP_BUILD=$libs" \
    "-DLLAMA_CPP_COMMIT=$commit" "-DCROSSVAL_PROFILE=$arithmetic"
}

decode_program() {
  local libs
  libs=$(llama_libs)
  program crossval-decode 'engines/decode engines/llama/llama_cpp.cmake' '' "-DLLAMA_CPP_BUILD=$libs"
}

jinja_program() {
  local tree
  tree=$(source_tree)
  program crossval-jinja engines/jinja '' "-DLLAMA_CPP_SOURCE=$tree"
}

# program TARGET SOURCES KEY CMAKE-ARGUMENT…: prints the path of the built TARGET. SOURCES: folders of the
# repository, the project's own first. KEY: what it is made from besides the sources and the arguments.
program() {
  local target=$1 sources key made  # a failing $(…) ends the script only in a plain assignment
  read -ra sources <<< "$2"
  key=$(tree_digest "$root" "${sources[@]}")
  key+=$(compiler)
  key=$(printf '%s\n' "$key" "${@:3}" | digest)
  shift 3
  made=$(cached "$cache/programs/$target-$key" build_program "$target" "${sources[0]}" "$@")
  printf '%s/%s\n' "$made" "$target"
}

build_program() {
  local out=$1 target=$2 folder=$3
  shift 3
  say "building $target"
  configure_and_build "$target" "$root/$folder" "$target" -DCMAKE_BUILD_TYPE=Release \
    "-DCMAKE_COMPILE_WARNING_AS_ERROR=${WERROR:-OFF}" "$@"
  cp "$built/$target" "$out/"
}

# cached_variable BUILD NAME: the value of a variable in a CMake build tree
cached_variable() { sed -n "s/^$2:[A-Z]*=//p" "$1/CMakeCache.txt"; }
