// Of what a program wrote before it ended: the lines that tell why.
#pragma once

#include <string>
#include <string_view>

namespace crossval {

/// "Its last words:" and at most six lines of `log`, each indented; empty when there is none. Where
/// lines tell why it ended they come first: a failed assertion or check (llama.cpp's and C's), an
/// uncaught exception and its message, a report of a sanitizer, of glibc's heap or of CUDA, the
/// last line of a Python traceback, a panic of Rust or Go. The lines before the end follow, without
/// the frames of a backtrace.
std::string last_words(std::string_view log);

}  // namespace crossval
