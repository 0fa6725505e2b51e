#!/usr/bin/env python3
"""Writes the tokenizer's data tables from a llama.cpp source tree: the pre-tokenizers (name ->
expressions and flags), the Unicode properties its splitting is defined by, and the vocabularies that
its converter knows.

    generate_tokenizer_data.py LLAMA_CPP_DIR COMMIT    write src/tokenizer/*/*.inc
    generate_tokenizer_data.py --check                 are the committed tables as they were written?

The tables are data; each names its origin. Their first line holds the SHA-256 of the
rest, so a change by hand shows.
"""
import ast
import hashlib
import pathlib
import re
import sys

OUT = pathlib.Path(__file__).resolve().parent.parent / "src" / "tokenizer"
TABLES = ("gguf/pretokenizer_data.inc", "text/unicode_data.inc", "pretokenizer_search/known_vocabularies.inc")
TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\])*"|\w+|==|::|->|\S', re.S)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "'": "'"}
# Upstream flag -> (field of ours, as C++).
FLAGS = {"ignore_merges": "ignore_merges", "add_bos": "add_bos",
         "clean_spaces": "clean_spaces", "escape_whitespaces": "escape_whitespaces"}


def tokens_between(text, begin, end):
    """C++ tokens of text from the first `begin` to the next `end`, comments dropped."""
    start = text.index(begin)
    body = text[start:text.index(end, start)]
    return [t for t in TOKEN.findall(body) if not t.startswith(("//", "/*"))]


def unescape(literal):
    return re.sub(r"\\(.)", lambda m: ESCAPES[m.group(1)], literal[1:-1])


def escape(text):
    out = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + out.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'


def expressions(source):
    """pre-type -> (list of expressions, byte_encode), None for the default."""
    result, labels, current, byte_encode, inside = {}, [], [], True, False
    stream = iter(tokens_between(source, "switch (vocab.get_pre_type())", "std::vector<std::string> regex_exprs;"))
    for token in stream:
        if token == "case":
            labels.append(next(stream))
        elif token == "default":
            labels.append(None)
        elif token == "regex_exprs":
            inside = True
        elif inside and token.startswith('"'):
            current.append(unescape(token))
        elif inside and token == "}":
            inside = False
        elif token == "byte_encode":
            assert next(stream) == "="
            byte_encode = next(stream) == "true"
        elif token == "break":
            for label in labels:
                result[label] = (current, byte_encode)
            labels, current, byte_encode = [], [], True
    return result


def names(source):
    """pre-tokenizer name -> (pre-type or None for the default, {flag: value})."""
    result, open_names, pre_type, flags = {}, [], None, {}
    stream = iter(tokens_between(source, "// for now, only BPE models have pre-tokenizers",
                                 "unknown pre-tokenizer type"))
    for token in stream:
        if token == "tokenizer_pre":
            following = next(stream)
            if following == "==":
                open_names.append(unescape(next(stream)))
        elif token == "pre_type":
            assert next(stream) == "="
            pre_type = next(stream)
        elif token in FLAGS or token == "special_bos_id":
            if next(stream) == "=":
                flags[token] = next(stream)
        elif token == "}":
            for name in open_names:
                result[name] = (pre_type, dict(flags))
            open_names, pre_type, flags = [], None, {}
    return result


def pretokenizer_table(source):
    by_type, by_name = expressions(source), names(source)
    lines = []
    for name in sorted(by_name):
        pre_type, flags = by_name[name]
        exprs, byte_encode = by_type.get(pre_type, by_type[None])
        fields = [f".name = {escape(name)}",
                  ".expressions = {" + ", ".join(escape(e) for e in exprs) + "}"]
        if not byte_encode:
            fields.append(".byte_level = false")
        for flag, field in FLAGS.items():
            if flag in flags:
                fields.append(f".{field} = {flags[flag]}")
        if "special_bos_id" in flags:
            fields.append(".no_default_bos = true")
        if pre_type == "LLAMA_VOCAB_PRE_TYPE_GEMMA4":
            fields.append(".newline_runs_whole = true")
            fields.append(".force_bos = true")
        lines.append("{" + ",\n    ".join(fields) + "},")
    assert len(lines) > 80 and "smollm" in by_name and "default" in by_name
    return "\n".join(lines)


def array(source, name):
    start = source.index(name + " = {")
    body = source[start:source.index("\n};", start)]
    return body.split("\n")[1:]


def hex_rows(source, name):
    return [[int(x, 16) for x in re.findall(r"0x[0-9A-Fa-f]+", line)] for line in array(source, name)]


def packed(rows, per_line):
    cells = ["{" + ", ".join(f"0x{x:X}" for x in row) + "}" for row in rows]
    return "\n".join("    " + ", ".join(cells[i:i + per_line]) + ","
                     for i in range(0, len(cells), per_line))


def unicode_table(source):
    categories = hex_rows(source, "unicode_ranges_flags")
    assert all(flags == 0 or flags & (flags - 1) == 0 for _, flags in categories)
    lower = hex_rows(source, "unicode_map_lowercase")
    nfd = hex_rows(source, "unicode_ranges_nfd")
    white = [row[0] for row in hex_rows(source, "unicode_set_whitespace")]
    assert lower == sorted(lower) and categories[-1][0] == 0x110000
    return "\n".join([
        "// {first code point, category}; a range ends where the next begins.",
        "constexpr CategoryRange kCategoryRanges[] = {", packed(categories, 6), "};",
        "constexpr uint32_t kWhitespace[] = {",
        "    " + ", ".join(f"0x{x:X}" for x in white) + ",", "};",
        "// {code point, its lower case}, ascending.",
        "constexpr LowercasePair kLowercase[] = {", packed(lower, 6), "};",
        "// {first, last, first code point of the canonical decomposition}, ascending.",
        "constexpr DecompositionRange kDecompositions[] = {", packed(nfd, 4), "};"])


def known_vocabularies(source):
    """The converter's check text, and for each vocabulary that it knows the SHA-256 of the text's ids as Python
    writes a list of them, with the name of the pre-tokenizer."""
    literal = re.search(r"chktxt = ('(?:\\.|[^'\\])*')", source)[1]
    text = "".join(f"\\x{byte:02x}" for byte in ast.literal_eval(literal).encode())
    pairs = re.findall(r'chkhsh == "([0-9a-f]{64})":\s*\n(?:\s*#.*\n)*\s*res = "([^"]+)"', source)
    assert len(pairs) > 80
    text_lines = "\n".join(f'    "{text[i:i + 88]}"' for i in range(0, len(text), 88))
    return "\n".join([
        "constexpr std::string_view kCheckText =", text_lines + ";",
        "// {SHA-256 of the ids, the pre-tokenizer}.",
        "constexpr KnownVocabulary kKnownVocabularies[] = {",
        *(f'    {{"{digest}", {escape(name)}}},' for digest, name in sorted(set(pairs))), "};"])


def written(body):
    return f"// sha256 {hashlib.sha256(body.encode()).hexdigest()}\n{body}"


def check():
    bad = 0
    for name in TABLES:
        first, _, body = (OUT / name).read_text().partition("\n")
        if first != f"// sha256 {hashlib.sha256(body.encode()).hexdigest()}":
            print(f"{name}: not as generate_tokenizer_data.py wrote it")
            bad = 1
    return bad


def main():
    if sys.argv[1:] == ["--check"]:
        return check()
    if len(sys.argv) != 3:
        print(__doc__)
        return 64
    tree = pathlib.Path(sys.argv[1])
    src = tree / "src"
    head = f"// Generated by scripts/generate_tokenizer_data.py from llama.cpp {sys.argv[2]} (MIT).\n"
    tables = (pretokenizer_table((src / "llama-vocab.cpp").read_text()),
              unicode_table((src / "unicode-data.cpp").read_text()),
              known_vocabularies((tree / "conversion" / "base.py").read_text()))
    for name, table in zip(TABLES, tables):
        (OUT / name).write_text(written(head + table + "\n"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
