"""Shared by the tests of bit identity: ids of real text, and what an identical run looks like."""
import os

# The full matrix (make test-all), else lengths that keep `make test` short.
ALL = bool(os.environ.get("CROSSVAL_TEST_ALL"))


def identical(run, positions, steps=0):
    assert run.code == 0, (run.out[-2000:], run.err[-2000:])
    result = run.json
    assert result["verdict"] == "IDENTICAL"
    assert result["prompt_positions"] == positions
    assert result["decode_steps"] <= steps
    assert result["identical_rows"] == positions + result["decode_steps"]
    return result


def tokens(ids):
    return "--tokens=" + ",".join(map(str, ids))
