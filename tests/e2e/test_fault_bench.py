"""A slice of the fault bench (scripts/fault_bench.py): faults in our engine and in model files, healthy pairs. What needs
llama.cpp compiled anew is in the full matrix alone."""
import sys

import pytest

from conftest import ROOT
from identity import ALL
from slices import slice_of

sys.path.insert(0, str(ROOT / "scripts" / "faults"))
import case  # noqa: E402
import files  # noqa: E402
import foreign  # noqa: E402
import foreign_table  # noqa: E402
import healthy  # noqa: E402
import page  # noqa: E402
import planted  # noqa: E402


def table(binary):
    """By a name that says all of it."""
    found = {}
    for module in (planted, files, healthy, *([foreign_table] if ALL else [])):
        for each in module.cases(binary):
            found[case.key(each)] = each
    return found


def costly(each):
    """Compiles llama.cpp."""
    return each.kind == "foreign" or each.kind == "healthy" and callable(each.candidate)


CASES = {name: each for name, each in table("").items() if ALL or not costly(each)}
OF_SMOLLM2 = [name for name, each in CASES.items() if "SmolLM2" in each.label]
MADE = [name for name in CASES if name not in OF_SMOLLM2]


@pytest.mark.parametrize("name", slice_of([each for each in OF_SMOLLM2 if "healthy" not in each], 1) +
                         slice_of([each for each in OF_SMOLLM2 if "healthy" in each], 1) + slice_of(MADE, 5))
def test_explain_says_what_is_there(binary, name):
    verdict = case.run(table(binary)[name], binary, ROOT)
    assert verdict.passed, page.line(verdict)


def test_a_change_that_fits_nowhere_is_refused():
    with pytest.raises(ValueError, match="0 times instead of 1"):
        foreign.Change("src/llama.cpp", "no such text", "").applied("int main() {}")
    assert foreign.Change("x", "a", "b", times=2).applied("a a") == "b a"


def test_a_wrong_answer_fails():
    """Each of the three parts by itself."""
    each = case.Case("", "planted", "", "", "", "", operation="Qcur-1 ROPE", causes=frozenset(["eps"]))
    right = {"blame": "candidate", "operation": "Qcur-1 ROPE", "causes": ("eps",)}
    assert case.Verdict(each, **right).passed
    for wrong in ({"blame": "both"}, {"operation": "Qcur-11 ROPE"}, {"causes": ()}):
        assert not case.Verdict(each, **(right | wrong)).passed
    none = case.Case("", "file", "", "", "", "", operation=".*")
    assert case.Verdict(none, blame="candidate").passed and not case.Verdict(none, blame="candidate", causes=("eps",)).passed
    pair = case.Case("", "healthy", "", "", "", "", guilty="neither")
    assert not case.Verdict(pair, blame="candidate").passed
    assert case.Verdict(pair, blame="neither").passed and not case.Verdict(pair, blame="neither", identical=True).passed
