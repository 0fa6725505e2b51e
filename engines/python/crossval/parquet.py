"""The store of a suite's results as two Parquet files, for DuckDB, pandas and Polars (docs/suites.md).

    python -m crossval.parquet suite.results [FOLDER]

writes prompts.parquet and positions.parquet. pyarrow is imported when it is used.
"""
from __future__ import annotations

import argparse
import json
import os
import pathlib
import sqlite3
import sys
from contextlib import closing
from typing import Any, Optional

from .program import Failed, PathLike

_VERSION = 2  # PRAGMA user_version of a store
_ROWS = 1 << 16  # of a row group

# Column of the store -> its type; pair and prompt stand before them, by name. What is NULL there is null here.
_TABLES = {
    "prompt": ("prompts.parquet", {
        "verdict": "string", "error_code": "int32", "error_what": "string", "error_where": "string", "error_hint": "string",
        "detail": "string", "tokens": "int32", "positions": "int32", "identical": "int32", "same_top": "int32", "tie_flips": "int32",
        "decisive_flips": "int32", "first_divergence": "int32", "lowest_cosine": "float64", "max_abs_diff": "float64",
        "largest_kl": "float64", "seconds": "float64"}),
    "position": ("positions.parquet", {
        "position": "int32", "token": "int32", "piece": "binary", "passed": "bool", "healthy": "bool", "identical": "bool",
        "decode": "bool", "cosine": "float64", "relative_l2": "float64", "max_abs_diff": "float64", "kl": "float64",
        "candidate_top": "int32", "reference_top": "int32", "candidate_next": "float64", "reference_next": "float64",
        "reference_margin": "float64", "noise": "float64", "decisive_flip": "bool"})}


def write_parquet(results: PathLike, folder: Optional[PathLike] = None) -> tuple[pathlib.Path, pathlib.Path]:
    """Writes the merged store of a folder of results into `folder` (default: the same), a batch of rows at a time, and
    returns the paths of prompts.parquet and positions.parquet.

    Raises Failed: pyarrow is not installed, there is no store, or it is of another version.
    """
    source, target = pathlib.Path(results), pathlib.Path(results if folder is None else folder)
    store = source / "result.sqlite"
    if not store.exists():
        raise Failed(5, "there is no result.sqlite", str(source), "Put the shards together first: crossval suite merge DIR.")
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise Failed(4, "Parquet is written with pyarrow, which is not installed here", "", "Install it: pip install pyarrow.") from error
    manifest = json.loads((source / "manifest.json").read_text(encoding="utf-8"))
    names = {kind: [entry[key] for entry in manifest[kind]] for kind, key in (("pairs", "name"), ("prompts", "id"))}
    target.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(f"{store.absolute().as_uri()}?mode=ro", uri=True)) as database:
        database.text_factory = lambda text: text.decode(errors="replace")  # an engine's last words may be any bytes
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version != _VERSION:
            raise Failed(5, f"a store of version {version}, and this package reads version {_VERSION}", str(store))
        prompts, positions = (_write(database, table, names, target) for table in _TABLES)
    return prompts, positions


def _write(database: sqlite3.Connection, table: str, names: dict[str, list[str]], folder: pathlib.Path) -> pathlib.Path:
    import pyarrow
    from pyarrow import parquet

    file, columns = _TABLES[table]
    kinds: dict[str, Any] = {"pair": pyarrow.string(), "prompt": pyarrow.string(),
                             **{name: pyarrow.type_for_alias(kind) for name, kind in columns.items()}}
    path, partial = folder / file, folder / (file + ".partial")
    order = "pair, prompt, position" if table == "position" else "pair, prompt"
    rows = database.execute(f"SELECT pair, prompt, {', '.join(columns)} FROM {table} ORDER BY {order}")
    with parquet.ParquetWriter(partial, pyarrow.schema(kinds.items()), compression="zstd") as writer:
        while batch := rows.fetchmany(_ROWS):
            pairs, prompts, *values = zip(*batch)
            values = [[None if value is None else bool(value) for value in column] if kind == "bool" else column
                      for column, kind in zip(values, columns.values())]
            shown = [[names["pairs"][i] for i in pairs], [names["prompts"][i] for i in prompts], *values]
            writer.write_table(pyarrow.table([pyarrow.array(column, kind) for column, kind in zip(shown, kinds.values())],
                                             names=list(kinds)))
    os.replace(partial, path)
    return path


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m crossval.parquet", description="A suite's store as Parquet files.")
    parser.add_argument("results", help="folder of a suite's results, merged")
    parser.add_argument("folder", nargs="?", help="where the files go (default: the same folder)")
    options = parser.parse_args()
    try:
        written = write_parquet(options.results, options.folder)
    except Failed as error:
        print(f"crossval: {error}", file=sys.stderr)
        return error.exit_code
    print(*written, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
