"""Stands in for the build backend that llama-cpp-python and its relatives name, while pip
downloads their source.

`pip download` asks for a package's metadata even with --no-deps. The real backend would first be
installed, with all it needs; the answer lies in the archive already (PKG-INFO). scripts/reference.sh
puts this folder on PYTHONPATH for that one call."""
import email
import pathlib
import shutil


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    package = email.message_from_string(pathlib.Path("PKG-INFO").read_text())["Name"]
    name = package.replace("-", "_") + "-0.dist-info"
    folder = pathlib.Path(metadata_directory, name)
    folder.mkdir()
    shutil.copy("PKG-INFO", folder / "METADATA")
    return name
