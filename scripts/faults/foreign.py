"""Workers of a llama.cpp in which one place is changed: a copy of the pinned source, compiled with the reference's flags
into shared libraries, of which a change makes one anew. Kept in the cache, by what they are made of."""
import contextlib
import dataclasses
import fcntl
import functools
import hashlib
import os
import pathlib
import re
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORKER = "crossval-llama-worker"
PARTS = ["CMakeLists.txt", "cmake", "ggml", "include", "src", "LICENSE", "licenses", "vendor", "common"]


@dataclasses.dataclass(frozen=True)
class Change:
    """`new` is put in the place of `old`, which stands `times` times in the file: of its first occurrence."""
    file: str
    old: str
    new: str
    times: int = 1

    def digest(self):
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]

    def applied(self, text):
        if text.count(self.old) != self.times:
            raise ValueError(f"{self.file}: {text.count(self.old)} times instead of {self.times}: {self.old}")
        return text.replace(self.old, self.new, 1)


def script(*args):
    """The path that scripts/reference.sh prints."""
    done = subprocess.run([ROOT / "scripts" / "reference.sh", *args], check=True, text=True, stdout=subprocess.PIPE)
    return pathlib.Path(done.stdout.strip().splitlines()[-1])


def quiet(*command):
    done = subprocess.run(["nice", *map(str, command)], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise RuntimeError(done.stdout[-4000:])


class Tree:
    """The source of one profile, built. One process at a time changes it. `flags` are put behind the profile's, for ggml
    alone: libllama is as it should be."""

    def __init__(self, profile, flags=None):
        self.profile = profile
        self.flags = flags
        self.libs = script("libs", "--profile", profile)
        self.source = script("source")
        key = hashlib.sha256(f"{self.libs.name} {flags}".encode()).hexdigest()[:16]
        self.folder = self.libs.parent.parent / "faults" / f"{profile}-{key}"

    def worker(self, change=None):
        """The worker with a change; without, as it should be."""
        name = "sound" if change is None else change.digest()
        made = self.folder / f"{name}-{worker_key()}"
        if made.exists():
            return made / WORKER
        worker = (self if self.flags is None else Tree(self.profile))._worker()
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._locked():
            if not (self.folder / "sound").exists():
                self._begin()
            if not (self.folder / name).exists():
                self._change(change, self.folder / name)
            if not made.exists():
                making = self._empty()
                copy_libraries(self.folder / name, making)
                shutil.copy2(worker, making / WORKER)
                making.rename(made)
        return made / WORKER

    @contextlib.contextmanager
    def _locked(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _empty(self):
        making = self.folder / "making"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir()
        return making

    def _begin(self):
        """Source, build and sound libraries."""
        tree, build = self.folder / "source", self.folder / "build"
        for left in (tree, build):  # of a run that was ended
            shutil.rmtree(left, ignore_errors=True)
        for part in PARTS:
            if (self.source / part).is_dir():
                shutil.copytree(self.source / part, tree / part, dirs_exist_ok=True)
            elif (self.source / part).exists():
                tree.mkdir(exist_ok=True)
                shutil.copy2(self.source / part, tree / part)
        quiet("cmake", "-S", tree, "-B", build, "-G", "Ninja", *self._options())
        quiet("cmake", "--build", build, "--target", "llama" if self.flags is None else "ggml", "--parallel", os.cpu_count())
        making = self._empty()
        if self.flags is not None:
            copy_libraries(Tree(self.profile).worker().parent, making)
        copy_libraries(build / "bin", making)
        making.rename(self.folder / "sound")

    def _worker(self):
        """The worker alone, linked with this tree; it finds its libraries beside itself."""
        build = self.folder / f"worker-{worker_key()}"
        with self._locked():
            if not (self.folder / "sound").exists():
                self._begin()
            if not (build / WORKER).exists():
                quiet("cmake", "-S", ROOT / "engines" / "llama", "-B", build, "-G", "Ninja",
                      f"-DLLAMA_CPP_BUILD={self.folder / 'build'}", f"-DCROSSVAL_PROFILE={self.profile}",
                      "-DLLAMA_CPP_COMMIT=changed", "-DCMAKE_SKIP_RPATH=ON",
                      r"-DCMAKE_EXE_LINKER_FLAGS=-Wl,-rpath,\$ORIGIN", *launcher())
                quiet("cmake", "--build", build)
        return build / WORKER

    def _change(self, change, made):
        """The libraries with the change, which is taken back. What it changed is compiled again by the next one."""
        under_way = self.folder / "under-way"  # names what is changed: a run that was ended left it so
        if under_way.exists():
            self._take_back(under_way)
        text = change.applied((self.source / change.file).read_text())
        under_way.write_text(change.file)
        try:
            (self.folder / "source" / change.file).write_text(text)
            quiet("cmake", "--build", self.folder / "build", "--target", "llama")
        finally:
            self._take_back(under_way)
        making = self._empty()
        copy_libraries(self.folder / "build" / "bin", making)
        making.rename(made)

    def _take_back(self, under_way):
        file = under_way.read_text()
        (self.folder / "source" / file).write_text((self.source / file).read_text())
        under_way.unlink()

    def _options(self):
        """What the reference's libraries were configured with, but shared."""
        cache = (self.libs / "CMakeCache.txt").read_text()
        wanted = re.findall(r"^((?:GGML_|LLAMA_BUILD_)\w+|CMAKE_BUILD_TYPE|CMAKE_C(?:XX)?_FLAGS):(?:BOOL|STRING|UNINITIALIZED)=(.*)$",
                            cache, re.M)
        options = dict(wanted) | {"BUILD_SHARED_LIBS": "ON", "CMAKE_BUILD_RPATH_USE_ORIGIN": "ON"}
        if self.flags is not None:
            for key in ("CMAKE_C_FLAGS", "CMAKE_CXX_FLAGS"):
                options[key] += " " + self.flags
        return [f"-D{key}={value}" for key, value in options.items()] + launcher()


def launcher():
    if shutil.which("ccache") is None:
        return []
    return ["-DCMAKE_C_COMPILER_LAUNCHER=ccache", "-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"]


def copy_libraries(folder, to):
    """Over what is there."""
    for library in folder.glob("lib*.so*"):
        (to / library.name).unlink(missing_ok=True)
        shutil.copy2(library, to / library.name, follow_symlinks=False)


@functools.cache
def worker_key():
    """Of what the worker is made of."""
    hashes = hashlib.sha256()
    for folder in ("engines/llama", "src/protocol"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file():
                hashes.update(path.read_bytes())
    return hashes.hexdigest()[:8]
