"""What `make test` calls passed, failed and skipped: a test that was skipped hides none that failed."""
import re
import shutil
import subprocess

import pytest

from conftest import ROOT

PASSES = "def test_passes(): pass\n"
FAILS = "def test_fails(): assert False\n"
SKIPS = "import pytest\ndef test_skips(): pytest.skip('not here')\n"
BREAKS = "import pytest\n@pytest.fixture\ndef broken(): raise OSError\ndef test_breaks(broken): pass\n"
WARNS = "import warnings\ndef test_warns(): warnings.warn('odd')\n"
SAYS = "def test_says():\n    print('3 passed, 1 skipped in the past')\n    print('1 skipped in 3')\n    assert False\n"
FILE_SKIPS = "import pytest\npytest.skip('not here', allow_module_level=True)\n"
FILES = {
    "passes": (PASSES, "Passed"),
    "fails": (FAILS, "Failed"),
    "fails_and_says": (SAYS, "Failed"),
    "fails_and_skips": (FAILS + PASSES + SKIPS, "Failed"),
    "breaks_and_skips": (BREAKS + PASSES + SKIPS, "Failed"),
    "breaks_and_skips_alone": (BREAKS + SKIPS, "Failed"),
    "skips": (SKIPS, "Skipped"),
    "file_skips": (FILE_SKIPS, "Skipped"),
    "passes_and_skips": (PASSES + SKIPS, "Skipped"),
    "warns_and_skips": (WARNS + SKIPS, "Skipped"),
    "no_tests": ("", "Failed"),
    "is_no_python": ("def", "Failed"),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """As CTest calls each of FILES."""
    folder = tmp_path_factory.mktemp("project")
    for name, (source, _) in FILES.items():
        (folder / f"test_{name}.py").write_text(source)
    shutil.copy(ROOT / "tests/e2e/skip_status.py", folder)
    (folder / "conftest.py").write_text("from skip_status import pytest_sessionfinish\n")
    (folder / "CMakeLists.txt").write_text(f"""cmake_minimum_required(VERSION 3.25)
project(files NONE)
enable_testing()
add_executable(crossval IMPORTED)
set_property(TARGET crossval PROPERTY IMPORTED_LOCATION /bin/true)
include({ROOT}/cmake/CrossvalE2E.cmake)
""" + "".join(f"crossval_e2e({name})\n" for name in FILES))
    build = folder / "build"
    subprocess.run(["cmake", "-S", folder, "-B", build], check=True, stdout=subprocess.DEVNULL)
    done = subprocess.run(["ctest", "--test-dir", build, "-j", "2"], text=True, stdout=subprocess.PIPE)
    return dict(re.findall(r"e2e\.(\w+) \.+[ *]*(\w+) ", done.stdout))


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_called_what_it_is(outcomes, name):
    assert outcomes[name] == FILES[name][1]
