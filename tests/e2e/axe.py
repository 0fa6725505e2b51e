"""axe-core, which finds what people cannot see, hear or reach on a page: fetched once from npm, as deps/npm.txt pins it."""
import importlib.util
import pathlib
import tempfile

from conftest import ROOT

spec = importlib.util.spec_from_file_location("fetching", ROOT / "scripts" / "prompt_sets.py")
fetching = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fetching)


def axe_core():
    """The text of axe.min.js. Raises fetching.Refused where npm is missing or its registry does not answer."""
    line, = (line.split() for line in (ROOT / "deps" / "npm.txt").read_text().splitlines() if line.startswith("axe-core "))
    package, version, sha256, _ = line
    path = fetching.cache_folder() / "test-tools" / f"{package}-{version}-{sha256[:16]}.js"
    if not path.exists():
        with tempfile.TemporaryDirectory() as folder:
            pin = fetching.Pin(package, "npm", package, version, sha256, None, None, None)
            content = fetching.files(fetching.download(pin, pathlib.Path(folder)))["package/axe.min.js"]
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_bytes(content)
        partial.rename(path)
    return path.read_text()
