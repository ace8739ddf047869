"""Size metrics of the kernel, the loader and the boot package, taken from what was linked and compiled."""

import pathlib
import re
import subprocess

from . import fit, project
from .ui import PecanError


def read_only_kib(elf):
    """KiB of code and constants: loaded sections that are not writable, as readelf names them."""
    listing = subprocess.run(["arm-none-eabi-readelf", "-S", "-W", str(elf)], capture_output=True,
                             text=True, timeout=60, check=True).stdout
    total = 0
    for line in listing.splitlines():
        found = re.match(r"\s*\[ *\d+\]\s+\S+\s+(\S+)\s+\S+\s+\S+\s+([0-9a-f]+)\s+\S+\s+([A-Z]*)\s", line)
        if found and found.group(1) != "NOBITS" and "A" in found.group(3) and "W" not in found.group(3):
            total += int(found.group(2), 16)
    if total == 0:
        raise PecanError(f"{elf} has no code section")
    return round(total / 1024 + 0.05, 1)


def code_lines(text):
    """Lines that hold something besides blanks and comments (C and assembler)."""
    text = re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)
    text = re.sub(r"/\*.*?\*/", lambda found: "\n" * found.group(0).count("\n"), text, flags=re.S)
    return sum(1 for line in text.splitlines()
               if line.strip() and not line.strip().startswith(("//", "@")))


def kernel_sources(build):
    """Every project file that the kernel's objects were compiled from, headers included."""
    deps = subprocess.run(["ninja", "-C", str(build), "-t", "deps"], capture_output=True, text=True,
                          timeout=120, check=True).stdout
    files, wanted = set(), False
    for line in deps.splitlines():
        if line and not line.startswith(" "):
            wanted = line.startswith("kernel/")
        elif wanted and line.strip():
            path = pathlib.Path(line.strip())
            path = (path if path.is_absolute() else build / path).resolve()
            if path.is_relative_to(project.ROOT) and not path.is_relative_to(build.resolve()):
                files.add(path)
    if not files:
        raise PecanError("the build records no file of the kernel", "Build it first.")
    return files


def image_bytes(build):
    """Bytes of the boot package of the default configuration: the system, all its guests, and their data."""
    config = project.configuration(project.default_configuration())
    return fit.make(build / "bench" / f"{config.stem}.fit", config, project.images(build)).stat().st_size


def measure(build):
    """{metric: number} of every size metric."""
    build = pathlib.Path(build)
    metrics = {"size.kernel.text": read_only_kib(project.images(build)["kernel"])}
    boot = [path for path in (build / "boot" / "boot", build / "boot" / "boot.elf") if path.exists()]
    if boot:
        metrics["size.boot.text"] = read_only_kib(boot[0])
    sources = kernel_sources(build)
    metrics["size.kernel.sloc"] = sum(code_lines(path.read_text()) for path in sources)
    metrics["image.bytes"] = image_bytes(build)
    return metrics
