# Which of the shims in era/ a llama.cpp tree needs: asked of its headers, so it is known before anything is built.
#   include()d, with llama_cpp_tree set: era_definitions, for the compiler; FATAL_ERROR for a tree that none fits
#   cmake -Dllama_cpp_tree=DIR -P era.cmake: says on stderr why none fits, and nothing when one does
set(problem)
set(era)
foreach(header IN ITEMS include/llama.h ggml/include/ggml.h)
  if(NOT EXISTS "${llama_cpp_tree}/${header}")
    set(problem "${llama_cpp_tree} is no llama.cpp tree: it has no ${header}; give its top folder")
  endif()
endforeach()

if(NOT problem)
  file(READ "${llama_cpp_tree}/include/llama.h" declared)
  file(READ "${llama_cpp_tree}/ggml/include/ggml.h" ggml_declared)
  if(declared MATCHES "llama_memory_clear *\\(")
    set(era current)
  elseif(declared MATCHES "llama_vocab_tokenize *\\(")
    set(era ik)
  elseif(declared MATCHES "llama_token_is_eog *\\(" AND NOT declared MATCHES "llama_model_get_vocab *\\(")
    set(era autumn_2024)
  else()
    string(CONCAT problem "${llama_cpp_tree}/include/llama.h is of an era that crossval has no shim for: it declares neither "
      "llama_memory_clear (llama.cpp since July 2025), nor llama_vocab_tokenize (ik_llama.cpp), nor llama_token_is_eog "
      "without llama_model_get_vocab (llama.cpp of autumn 2024, bitnet.cpp). Give a tree of one of these, or add a shim "
      "to engines/llama/era/ and its line to engines/llama/era.cmake")
  endif()
endif()

if(problem)
  if(CMAKE_SCRIPT_MODE_FILE)
    message(NOTICE "${problem}")  # of a script a FATAL_ERROR would be wrapped and framed
    return()
  endif()
  message(FATAL_ERROR "${problem}")
endif()

set(project llama.cpp)
if(era STREQUAL ik)
  set(project ik_llama.cpp)
elseif(ggml_declared MATCHES "GGML_TYPE_I2_S ")
  set(project bitnet.cpp)
endif()
set(era_definitions "LLAMA_CPP_ERA=\"era/${era}.h\"" "LLAMA_CPP_PROJECT=\"${project}\"")
if(ggml_declared MATCHES " ggml_get_type_traits *\\(")
  list(APPEND era_definitions LLAMA_CPP_HAS_TYPE_TRAITS)
endif()
if(declared MATCHES "llama_version *\\(")
  list(APPEND era_definitions LLAMA_CPP_HAS_VERSION)
endif()
