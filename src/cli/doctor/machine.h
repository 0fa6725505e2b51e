// What `doctor` looks at beside engines: the program, the processor, the cache, the template
// renderer.
#pragma once

#include <string>
#include <string_view>

#include "prompt/template_renderer.h"
#include "results/diagnosis.h"

namespace crossval {

/// What the program was built from and with.
Check check_program();

/// The processor's name and those of its instruction sets that matter here.
Check check_processor();

/// The same from the text of /proc/cpuinfo: "Some CPU: avx avx2 fma", and "unknown" where it says
/// nothing.
std::string processor_text(std::string_view cpuinfo);

/// The kernel set chosen, what it needs, and the others. A warning when CROSSVAL_KERNELS keeps a
/// faster one away, a problem (usage) when it names none.
Check check_kernels();

/// Renders a template by the program at `path`; a warning when there is none (an empty path).
/// `repair` is what then helps, and when it fails.
Check check_templates(const std::string& path, const TemplateRenderer& renderer,
                      const std::string& repair);

/// The folder that scripts/reference.sh fills and how large it is. A warning when nothing can be
/// written there.
Check check_cache(const std::string& folder);

}  // namespace crossval
