"""Workers of a llama.cpp in which one place is changed: a copy of the pinned source, compiled with the reference's flags
into shared libraries, of which a change makes one anew. Kept in the cache, by what they are made of."""
import dataclasses
import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
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
        self.libs = script("libs", "--profile", profile)
        self.source = script("source")
        made_of = "\n".join([self.libs.name, flags or "", *worker_sources()])
        key = hashlib.sha256(made_of.encode()).hexdigest()[:16]
        self.folder = self.libs.parent.parent / "faults" / f"{profile}-{key}"
        self.flags = flags

    def worker(self, change=None):
        """The worker with a change; without, as it should be."""
        made = self.folder / ("sound" if change is None else change.digest())
        program = made / "crossval-llama-worker"
        if program.exists():
            return program
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (self.folder / "sound").exists():
                self._begin()
            if change is not None and not program.exists():
                self._make(change, made)
        return program

    def _begin(self):
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
        if self.flags is not None:
            self._copy_worker(Tree(self.profile).worker().parent)
            return
        worker = self.folder / "worker"
        quiet("cmake", "-S", ROOT / "engines" / "llama", "-B", worker, "-G", "Ninja", f"-DLLAMA_CPP_BUILD={build}",
              f"-DCROSSVAL_PROFILE={self.profile}", "-DLLAMA_CPP_COMMIT=changed", "-DCMAKE_SKIP_RPATH=ON",
              r"-DCMAKE_EXE_LINKER_FLAGS=-Wl,-rpath,\$ORIGIN", *launcher())
        quiet("cmake", "--build", worker)
        self._copy_worker(worker)

    def _copy_worker(self, folder):
        """The worker, and libraries that were not built here, from that folder."""
        made = self.folder / "making"
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir()
        for libraries in (folder, self.folder / "build" / "bin"):
            for library in libraries.glob("lib*.so*"):
                (made / library.name).unlink(missing_ok=True)
                shutil.copy2(library, made / library.name, follow_symlinks=False)
        shutil.copy2(folder / "crossval-llama-worker", made)
        made.rename(self.folder / "sound")

    def _make(self, change, made):
        path = self.folder / "source" / change.file
        before = (self.source / change.file).read_text()
        build = self.folder / "build"
        making = self.folder / "making"
        shutil.rmtree(making, ignore_errors=True)
        shutil.copytree(self.folder / "sound", making, symlinks=True, copy_function=os.link)
        try:
            path.write_text(change.applied(before))
            quiet("cmake", "--build", build, "--target", "llama")
            for library in (build / "bin").glob("lib*.so*"):
                sound = self.folder / "sound" / library.name
                if not library.is_symlink() and library.read_bytes() != sound.read_bytes():
                    (making / library.name).unlink()
                    shutil.copy2(library, making / library.name)
        finally:
            path.write_text(before)
        making.rename(made)

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


def worker_sources():
    for folder in ("engines/llama", "src/protocol"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file():
                yield hashlib.sha256(path.read_bytes()).hexdigest()
