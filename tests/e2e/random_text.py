"""Seeded texts that tokenizers read differently (the Python side of tests/golden/random_text.cc)."""
import random
import unicodedata

PLANES = [(0x20, 0x7E), (0xA0, 0x7FF), (0x800, 0xD7FF), (0xE000, 0xFFFD), (0x10000, 0x1FFFF),
          (0x20000, 0x2A6DF), (0xE0000, 0xEFFFF), (0x1, 0x1F)]
SCRIPTS = [(0x61, 0x7A), (0x41, 0x5A), (0xC0, 0x24F), (0x370, 0x3FF), (0x400, 0x52F), (0x5D0, 0x5EA),
           (0x620, 0x64A), (0x904, 0x939), (0xE01, 0xE30), (0x1100, 0x11FF), (0x3041, 0x3096),
           (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFF01, 0xFF9F), (0x1D400, 0x1D7FF)]
MARKS = [(0x300, 0x36F), (0x591, 0x5BD), (0x64B, 0x65F), (0x93A, 0x94F), (0xE31, 0xE3A),
         (0xFE00, 0xFE0F)]
SPACES = [" ", " ", " ", "\n", "\t", "\r", "\r\n", "\v", "\f", "\u0085", "\u00a0", "\u1680", "\u180e",
          "\u2000", "\u2003", "\u200a", "\u200b", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000",
          "\ufeff", "\u2581", "  ", "    "]
SNIPPETS = ["'s", "'S", "'re", "'VE", "'ll", "don't", "I'M", "'", "it\u2019s", "for (i = 0; i < n;)",
            "def f(x):\n\treturn x**2", "https://example.org/a?b=c&d=%20", "snake_case", "camelCaseXML",
            "0xDEADBEEF", "1,234,567.89", "$x = @y;", "!==", "{\"k\": [1, null]}", "<0x0A>", "##ing",
            "\u2014", "\u2026\u3002\uff0c", "Stra\u00dfe", "\u0130stanbul", "\u01c5", "\ufb01ne",
            "\u2126", "\u212b", "\u1ea4\u0323", "e\u0301", "\u0344", "\u03a3\u03a3", "\u00bd\u00b2",
            "\U0001F469\u200d\U0001F467", "\U0001F1E9\U0001F1EA", "\U0001F44D\U0001F3FD", "1\ufe0f\u20e3",
            "\u0661\u0662", "\uff11\uff12", "\u2160", "hello", "world", "The", "text", "number"]


def texts(seed, count, specials=(), words=()):
    rng = random.Random(seed)

    # Libraries differ in the Unicode version they know: only characters that Python's has.
    def char(ranges):
        while True:
            c = chr(rng.randint(*rng.choice(ranges)))
            if unicodedata.category(c) != "Cn":
                return c

    def part():
        kind = rng.randrange(12)
        if kind == 0:
            return "".join(char(PLANES) for _ in range(rng.randint(1, 8)))
        if kind == 1:
            script = [rng.choice(SCRIPTS)]
            return "".join(char(script) for _ in range(rng.randint(1, 10)))
        if kind == 2:
            return "".join(char(SCRIPTS) + char(MARKS) for _ in range(rng.randint(1, 4)))
        if kind == 3:
            return "".join(rng.choice("0123456789") for _ in range(rng.randint(1, 9)))
        if kind == 4:
            return "".join(rng.choice(SPACES) for _ in range(rng.randint(1, 5)))
        if kind == 5 and specials:
            return rng.choice(specials)
        if kind == 6 and specials:
            text = rng.choice(specials)
            return rng.choice([text[1:], text[:-1], text + text[:2], " " + text + " ", "a" + text + "b"])
        if kind in (7, 8) and words:
            return rng.choice(words)
        return rng.choice(SNIPPETS)

    for _ in range(count):
        text = "".join(part() + (" " if rng.random() < .3 else "") for _ in range(rng.randint(0, 9)))
        yield text
