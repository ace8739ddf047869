"""Kernel modules out of an unpacked Linux package: found by name, with what they depend on, and a modules.dep.

The package holds no modules.dep (depmod writes it where it is installed), so the dependencies come from the
modules themselves: their .modinfo section says `depends=a,b`.
"""

import lzma
import re

from .ui import PecanError

DEPENDS = re.compile(rb"\0depends=([^\0]*)\0")


def _plain(name):
    """A module's name as the kernel writes it."""
    return name.replace("-", "_")


def _read(path):
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == ".xz" else data


def _depends(data, path):
    found = DEPENDS.search(data)
    if not found:
        raise PecanError(f"{path} is no kernel module: it does not say what it depends on")
    return [_plain(name) for name in found.group(1).decode().split(",") if name]


def collect(package, names):
    """{path inside the initramfs: bytes} of the named modules, all that they depend on, and modules.dep."""
    folders = sorted((package / "lib" / "modules").glob("*"))
    if len(folders) != 1:
        raise PecanError(f"{package} does not hold the modules of one kernel")
    present = {_plain(path.name.split(".ko")[0]): path for path in folders[0].rglob("*.ko*")}
    inside = f"lib/modules/{folders[0].name}"
    files, needs, wanted = {}, {}, [_plain(name) for name in names]
    while wanted:
        name = wanted.pop()
        if name in needs:
            continue
        if name not in present:
            raise PecanError(f"{folders[0]} has no module {name}")
        data = _read(present[name])
        needs[name] = _depends(data, present[name])
        files[f"{inside}/{name}.ko"] = data
        wanted += needs[name]
    lines = [f"{name}.ko: {' '.join(f'{other}.ko' for other in _closure(name, needs))}\n"
             for name in sorted(needs)]
    files[f"{inside}/modules.dep"] = "".join(lines).encode()
    return files


def _closure(name, needs):
    """Everything that a module needs, in modules.dep's order: the last is loaded first."""
    order = []
    for other in needs[name]:
        for each in [other, *_closure(other, needs)]:
            order = [*(earlier for earlier in order if earlier != each), each]
    return order
