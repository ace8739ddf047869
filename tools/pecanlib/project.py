"""Where things are: the source tree, a preset's build tree, its image manifest, and the configurations."""

import json
import pathlib

from .ui import PecanError

ROOT = pathlib.Path(__file__).resolve().parents[2]
PARTITIONS = ROOT / "configs" / "partitions"
DEFAULT_BOARD = "qemu-virt-a15"


def build_dir(preset):
    return ROOT / "build" / preset


def images(build):
    """The manifest of a build tree: image name -> path."""
    manifest = pathlib.Path(build) / "images.json"
    try:
        return {name: pathlib.Path(path) for name, path in json.loads(manifest.read_text()).items()}
    except OSError:
        raise PecanError(f"{manifest} is missing",
                         "Build first: `cmake --workflow --preset qemu-virt-a15`.") from None


def loader(build):
    """The raw image of the loader, which QEMU and U-Boot start."""
    path = pathlib.Path(build) / "boot" / "boot.bin"
    if not path.exists():
        raise PecanError(f"the loader {path} has not been built", "Build first: `./pecan run`.")
    return path


def configuration(name):
    """The path of a partition configuration given as a name below configs/partitions or as a path."""
    for path in (pathlib.Path(name), PARTITIONS / f"{name}.dts", PARTITIONS / name, ROOT / name):
        if path.is_file():
            return path.resolve()
    known = ", ".join(sorted(path.stem for path in PARTITIONS.glob("*.dts"))) or "none yet"
    raise PecanError(f"no partition configuration '{name}'",
                     f"Give a .dts file or one of: {known}.")


def default_configuration():
    """phones when the tree has it, else one-linux."""
    return "phones" if (PARTITIONS / "phones.dts").exists() else "one-linux"
