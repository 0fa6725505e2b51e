#!/usr/bin/env python3
"""Holds the includes of src/ against the layers that its CMake files declare.

A folder may include its own headers and those of the libraries in its DEPS, directly or through them;
the declared graph must have no cycle; some pairs may never meet whatever is declared. Exit 1 with one
line per breach.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SRC = ROOT / "src"
# (user, used): a dependency here would break a promise of ARCHITECTURE.md even through others.
FORBIDDEN = [
    ("report", "native"), ("report", "process"), ("compare", "tokenizer"), ("compare", "engine"),
    ("native", "process"), ("process", "native"), ("session", "native"), ("session", "process"),
    ("gate", "native"), ("gate", "process"), ("kernels", "model"), ("quant", "gguf"),
    ("protocol", "gguf"), ("protocol", "native"),
]


def declared():
    """folder -> folders in its DEPS."""
    graph = {}
    for path in sorted(SRC.glob("*/CMakeLists.txt")):
        text = re.sub(r"#.*", "", path.read_text())
        folder = path.parent.name
        calls = re.findall(r"(?:crossval_library|target_link_libraries)\(([^)]*)\)", text)
        deps = {word[len("crossval_"):] for call in calls for word in call.split()[1:]
                if word.startswith("crossval_")}
        graph[folder] = deps - {"flags", "exact", folder}
    return graph


def closure(graph, folder, trail=()):
    """Everything reachable from folder; ends the program on a cycle."""
    if folder in trail:
        raise SystemExit("layer cycle: " + " -> ".join([*trail, folder]))
    reached = set()
    for dep in graph.get(folder, ()):
        reached |= {dep} | closure(graph, dep, (*trail, folder))
    return reached


def main():
    graph = declared()
    breaches = []
    reach = {folder: closure(graph, folder) for folder in graph}
    for user, used in FORBIDDEN:
        if used in reach.get(user, ()):
            breaches.append(f"src/{user} must never depend on src/{used}")
    checked = 0
    for path in sorted(SRC.rglob("*")):
        if path.suffix not in (".h", ".cc", ".inc"):
            continue
        folder = path.relative_to(SRC).parts[0]
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = re.match(r'\s*#\s*include\s+"([^"/]+)/', line)
            if not match:
                continue
            checked += 1
            used = match.group(1)
            if used != folder and used not in reach.get(folder, ()):
                breaches.append(f"{path.relative_to(ROOT)}:{number}: src/{folder} does not declare "
                                f"src/{used} in its DEPS")
    if checked == 0:
        breaches.append("no include was checked: is src/ where this script expects it?")
    print("\n".join(breaches + [f"layers: {len(graph)} folders, {checked} includes, "
                                f"{len(breaches)} breaches"]))
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
