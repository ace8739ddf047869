"""Packing a FIT image: the Pecan kernel, its servers, the partition configuration and the guest images.

Data is external (mkimage -E) and aligned to 4 KiB, because the kernel hands images out as page-granular
regions; every image carries its SHA-256.
"""

import os
import pathlib
import re
import subprocess
import tempfile

from . import dts, project
from .ui import PecanError

ALIGNMENT = 0x1000
# Names that the system itself uses, with mkimage's image type. A guest image cannot take one of them.
SYSTEM = {"kernel": "kernel", "init": "standalone", "devmgr": "standalone", "vmm": "standalone",
          "ipc-net": "standalone"}
REQUIRED = ("kernel", "init")
REFERENCES = ("pecan,kernel", "pecan,initrd", "pecan,rom")


def own_images(pairs):
    """{name: path} of a user's own guest images, given as {name: file}."""
    found = {name: pathlib.Path(file).resolve() for name, file in pairs.items()}
    for name, path in found.items():
        if name in SYSTEM or name == "config" or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
            raise PecanError(f"--image {name}: not a name for a guest image",
                             f"Use A-Za-z0-9._-, and none of config, {', '.join(SYSTEM)}.", status=2)
        if not path.is_file() or path.stat().st_size == 0:
            raise PecanError(f"--image {name}: {path} is no file with something in it", "Name the image's file.")
    return found


def guest_images(root):
    """The image names that a configuration refers to, in order, each with the first (node, property)."""
    found = {}
    for node in dts.domains(root):
        for name in REFERENCES:
            image = node.string(name)
            if image:
                found.setdefault(image, (node, name))
    return found


def select(root, manifest, source):
    """{name: path} of everything that goes into the FIT besides the configuration itself."""
    chosen = {}
    for name in SYSTEM:
        if name in manifest and manifest[name].exists():
            chosen[name] = manifest[name]
        elif name in REQUIRED:
            raise PecanError(f"the image '{name}' has not been built")
    for name, (node, prop) in guest_images(root).items():
        if name in SYSTEM or name == "config":
            raise PecanError(f"{source}: {node.path}: {prop}: '{name}' is a name of the system itself",
                             "Name a guest image.")
        if name not in manifest:
            known = ", ".join(sorted(set(manifest) - set(SYSTEM)))
            raise PecanError(f"{source}: {node.path}: {prop}: no image named '{name}'",
                             f"Known images: {known}.")
        if not manifest[name].exists():
            raise PecanError(f"the image '{name}' ({manifest[name]}) has not been built")
        chosen[name] = manifest[name]
    return chosen


def _image_source(name, path, kind):
    path = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'''\t\t{name} {{
\t\t\tdescription = "{name}";
\t\t\tdata = /incbin/("{path}");
\t\t\ttype = "{kind}";
\t\t\tarch = "arm";
\t\t\tos = "linux";
\t\t\tcompression = "none";
\t\t\tload = <0>;
\t\t\tentry = <0>;
\t\t\thash-1 {{ algo = "sha256"; }};
\t\t}};
'''


def image_tree_source(chosen, config_path):
    """The .its text that mkimage reads."""
    images = [_image_source(name, path, SYSTEM.get(name, "standalone")) for name, path in chosen.items()]
    images.append(_image_source("config", config_path, "flat_dt"))
    others = ", ".join(f'"{name}"' for name in chosen if name != "kernel")
    return f'''/dts-v1/;
/ {{
\tdescription = "Pecan";
\t#address-cells = <1>;
\timages {{
{"".join(images)}\t}};
\tconfigurations {{
\t\tdefault = "system";
\t\tsystem {{ description = "Pecan"; kernel = "kernel"; fdt = "config"; loadables = {others}; }};
\t}};
}};
'''


def check_alignment(path):
    """Raises unless every image's data starts on a page of the file (counted from the file's start)."""
    blob = pathlib.Path(path).read_bytes()
    size = int.from_bytes(blob[4:8], "big")
    base = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1)
    for node in dts.parse(blob[:size]).child("images").children:
        offset = node.cells("data-offset")
        position = node.cells("data-position")
        start = position[0] if position else base + offset[0]
        if start % ALIGNMENT:
            raise PecanError(f"{path}: image {node.name} starts at {start:#x}, not on a page")


def make(output, config, manifest, board=project.DEFAULT_BOARD):
    """Writes the FIT for a configuration file (None: an empty one) on a board and returns its path."""
    source = str(config) if config else "(empty configuration)"
    blob = dts.compile_dts(config, board)
    chosen = select(dts.parse(blob), manifest, source)
    output = pathlib.Path(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pecan-fit-") as work:
        config_path = pathlib.Path(work) / "config.dtb"
        config_path.write_bytes(blob)
        its = pathlib.Path(work) / "pecan.its"
        its.write_text(image_tree_source(chosen, config_path))
        made = pathlib.Path(work) / "pecan.fit"
        done = subprocess.run(
            ["mkimage", "-E", "-B", f"{ALIGNMENT:x}", "-f", str(its), str(made)], text=True,
            capture_output=True, timeout=120, env=dict(os.environ, SOURCE_DATE_EPOCH="0"))
        if done.returncode != 0 or not made.exists():
            raise PecanError(f"mkimage failed:\n{done.stdout}{done.stderr}")
        check_alignment(made)
        partial = output.with_name(f".{output.name}.{os.getpid()}")
        partial.write_bytes(made.read_bytes())
        partial.replace(output)
    return output
