"""crossval invariance: engines that keep their bits, and planted ones that do not."""
import sys

import pytest

from conftest import ROOT

IDS = ["--tokens", "1,2,3,4,5,6,7,8,9"]
ALL = ["again", "batch", "halves", "restart", "steps", "threads", "together"]
ENGINE = ROOT / "tests" / "e2e" / "engines" / "varying.py"


@pytest.fixture(scope="module")
def small(made_model):
    return made_model("Q4_0", layers=2)


@pytest.fixture
def varied(crossval, small):
    def run(engine, *more):
        done = crossval("invariance", "-m", small, *IDS, "--engine", engine, "--format", "json", *more)
        return done.code, done.json, {cell["name"]: cell for cell in done.json.get("cells", [])}

    return run


def states(cells, state):
    return sorted({cell["setting"] for cell in cells.values() if cell["state"] == state})


@pytest.mark.parametrize("engine", ["native", "oracle"])
def test_ours_keep_every_bit(varied, engine):
    code, result, cells = varied(engine, "--together", "3")
    assert (code, result["verdict"]) == (0, "INVARIANT")
    assert not states(cells, "differs") and not states(cells, "not-run")
    assert states(cells, "same") == ALL
    assert all(cell["rows"] == len(result["tokens"]) > 5 for cell in cells.values())


def engine_that(varies, says=""):
    return f"exec:{sys.executable} '{ENGINE}',varies={varies},says={says}"


@pytest.mark.parametrize("varies, expected", [
    ("nothing", []), ("threads", ["threads"]), ("batch", ["batch"]), ("run", ALL), ("process", ALL), ("first", ["halves", "steps"])])
def test_each_dependence_is_found(varied, varies, expected):
    code, result, cells = varied(engine_that(varies))
    assert states(cells, "differs") == expected, cells
    assert (code, result["verdict"]) == ((1, "NOT-INVARIANT") if expected else (0, "INVARIANT"))
    for cell in cells.values():
        if cell["state"] == "differs":
            assert cell["first_position"] == {"first": len(result["tokens"]) // 2}.get(varies, 0)
            assert cell["differing"] > 0 and cell["distance"] > 0


def test_what_an_engine_says_breaks_nothing(varied):
    code, result, cells = varied(engine_that("threads", "threads"))
    assert (code, result["verdict"]) == (0, "INVARIANT")
    assert states(cells, "differs") == ["threads"] and not any(c["claimed"] for c in cells.values() if c["setting"] == "threads")


def test_an_engine_that_dies_is_an_error(varied):
    code, result, _ = varied(engine_that("death"))
    assert code == 4 and result["status"] == "error"


def test_text_says_it(crossval, small):
    run = crossval("invariance", "-m", small, *IDS, "--engine", engine_that("threads"))
    assert run.code == 1 and "NOT-INVARIANT" in run.out and "first at position 0" in run.out and "--first-diff" in run.out
