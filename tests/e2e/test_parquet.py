"""crossval.parquet: a suite's store as Parquet files; every value is the store's, and the documented query says what the report says."""
import json
import re
import shutil
import sqlite3
import subprocess
import sys

import pytest

from conftest import ROOT
from test_suite import tiny, whole  # noqa: F401 (fixtures)

PYTHON = ROOT / "build" / "parquet" / "bin" / "python"
ENVIRONMENT = {"PYTHONPATH": str(ROOT / "engines" / "python"), "PYTHONDONTWRITEBYTECODE": "1"}
with_pyarrow = pytest.mark.skipif(not (ROOT / "build" / "parquet" / ".installed").exists(), reason="not installed: make test-engines")

READ = """
import duckdb, json, sys
tables = {}
for name in ("prompts", "positions"):
    found = duckdb.sql(f"SELECT * FROM '{sys.argv[1]}/{name}.parquet'")
    tables[name] = [found.columns, [[v.hex() if isinstance(v, bytes) else v for v in row] for row in found.fetchall()]]
print(json.dumps(tables))
"""


def export(python, *arguments, **more):
    return subprocess.run([python, "-m", "crossval.parquet", *arguments], capture_output=True, text=True, env=ENVIRONMENT, **more)


@pytest.fixture
def results(whole, tmp_path):  # noqa: F811
    shutil.copytree(whole[0], tmp_path / "suite.results")
    return tmp_path / "suite.results"


@with_pyarrow
def test_every_value_is_the_stores(results, tmp_path):
    """Row by row, read back by DuckDB; the pairs and prompts by their names."""
    done = export(PYTHON, results, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(tmp_path / "out" / "prompts.parquet"), str(tmp_path / "out" / "positions.parquet")]
    read = subprocess.run([PYTHON, "-c", READ, tmp_path / "out"], capture_output=True, text=True)
    assert read.returncode == 0, read.stderr
    manifest = json.loads((results / "manifest.json").read_text())
    flags = ("passed", "healthy", "identical", "decode", "decisive_flip")  # of a position
    for table, (columns, rows) in zip(("prompt", "position"), json.loads(read.stdout).values()):
        with sqlite3.connect(results / "result.sqlite") as db:
            assert columns == [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
            order = "pair, prompt, position" if table == "position" else "pair, prompt"
            stored = db.execute(f"SELECT * FROM {table} ORDER BY {order}").fetchall()
        assert len(rows) == len(stored) > len(manifest["prompts"])
        for row, (pair, prompt, *kept) in zip(rows, stored):
            assert row[:2] == [manifest["pairs"][pair]["name"], manifest["prompts"][prompt]["id"]]
            for name, value, of in zip(columns[2:], row[2:], kept):
                if table == "position" and name in flags and of is not None:
                    of = bool(of)
                assert value == (of.hex() if isinstance(of, bytes) else of), name


@with_pyarrow
def test_the_documented_query(results, whole):  # noqa: F811
    """As docs/suites.md has it, in the folder of the suite: the report's own figures."""
    assert export(PYTHON, results).returncode == 0
    query = re.search(r"```sql\n(.*?)```", (ROOT / "docs" / "suites.md").read_text(), re.S)[1]
    done = subprocess.run([PYTHON, "-c", "import duckdb, json, sys; print(json.dumps(duckdb.sql(sys.argv[1]).fetchall()))", query],
                          capture_output=True, text=True, cwd=results.parent)
    assert done.returncode == 0, done.stderr
    said = {pair["name"]: pair["statistics"] for pair in whole[1]["pairs"]}
    rows = json.loads(done.stdout)
    assert {row[0] for row in rows} == set(said)
    for name, positions, kl, kl_p999, same_top in rows:
        assert positions == said[name]["positions"]
        assert kl == pytest.approx(said[name]["kl"]["value"], rel=1e-9)
        assert kl_p999 == pytest.approx(said[name]["kl_p999"], rel=1e-9)
        assert same_top == pytest.approx(said[name]["same_top"]["value"], rel=1e-12)


def test_without_pyarrow_its_name_is_said(results):
    done = export(sys.executable, results)
    assert done.returncode == 4 and "pyarrow, which is not installed" in done.stderr and "pip install pyarrow" in done.stderr


@pytest.mark.parametrize("spoil, said", [
    (lambda folder: (folder / "result.sqlite").unlink(), "crossval suite merge DIR"),
    (lambda folder: sqlite3.connect(folder / "result.sqlite").execute("PRAGMA user_version = 99").connection.close(), "a store of version 99"),
])
@with_pyarrow
def test_what_is_no_store(results, spoil, said):
    spoil(results)
    done = export(PYTHON, results)
    assert done.returncode == 5 and said in done.stderr
    assert not list(results.glob("*.parquet*"))
