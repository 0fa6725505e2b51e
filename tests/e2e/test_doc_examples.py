"""What scripts/doc_examples.py takes for the same, and what not."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from doc_examples import masked

SHOWN = """candidate  native 0.1.0, commit b944f79a24a8
           AVX2, FMA, F16C, BMI2
reference  llama.cpp 0.5.0-dev, commit 0123456, canonical
SHA-256    a8a1da23623a…
  1  "a"  ✗   0.9963703  2.82e-01  6.57e+00  1234567
worst      position 46 ("ours"), cosine -0.8156964, -0.752039075
built      by GCC 12.2.0 with glibc 2.36 in 3.5 s, 170 MB/s, under /home/one/cache
"""


@pytest.mark.parametrize("shown, printed", [
    ("b944f79a24a8", "0c1e57098fff-dirty"),
    ("commit 0123456", "commit 7654321"),
    ("AVX2, FMA", "scalar, FMA"),
    ("GCC 12.2.0", "GCC 14.1.0"),
    ("glibc 2.36", "glibc 2.41"),
    ("3.5 s", "12 s"),
    ("/home/one/cache", "/srv/two"),
])
def test_what_another_machine_prints_is_the_same(shown, printed):
    assert shown in SHOWN
    assert masked(SHOWN.replace(shown, printed)) == masked(SHOWN)


@pytest.mark.parametrize("shown, printed", [
    ("0.9963703", "0.9963704"),
    ("-0.8156964", "-0.8156965"),
    ("-0.752039075", "-0.752039076"),
    ("1234567", "1234568"),
    ("2.82e-01", "2.83e-01"),
    ("a8a1da23623a", "a8a1da23623b"),
    ("position 46", "position 47"),
    ("canonical", "production"),
    ("✗", "✓"),
])
def test_a_changed_figure_is_caught(shown, printed):
    assert shown in SHOWN
    assert masked(SHOWN.replace(shown, printed)) != masked(SHOWN)
