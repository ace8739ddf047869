"""Who may include what (the dependency rules of the architecture), and no feature switches in .c files."""

import re

from common import ROOT, component, lines, tracked

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]')
CONDITIONAL = re.compile(r"^\s*#\s*(?:if|ifdef|ifndef|elif)\b")

FREESTANDING = {"stdint.h", "stddef.h", "stdbool.h", "stdarg.h", "stdatomic.h", "stdalign.h",
                "stdnoreturn.h", "limits.h", "assert.h"}
LIBC = FREESTANDING | {"string.h", "stdio.h", "stdlib.h", "inttypes.h", "ctype.h", "errno.h"}
FORMATS = {"libfdt.h", "bearssl_hash.h", "bearssl.h"}

# component prefix: (folders whose headers it may include, single headers it may include)
ALLOWED = {
    "libs/abi": (("l4/abi/", "l4/proto/"), FREESTANDING),
    "libs/base": (("l4/abi/", "l4/proto/", "l4/base/", "l4/format/"), LIBC | FORMATS),
    "libs/libl4": (("l4/",), LIBC),
    "kernel": (("kernel/", "arch/", "plat/", "drivers/", "l4/abi/", "l4/base/"), FREESTANDING | {"string.h"}),
    "boot": (("boot/", "l4/abi/", "l4/base/", "l4/format/"), LIBC | FORMATS),
    "servers": (("l4/",), LIBC | FORMATS),
    # Guests know nothing of ours but the guest-facing header: a proprietary guest could be in their place.
    "guests": (("guest/", "l4/guest/"), LIBC | FORMATS),
}


def _allowed(part):
    folders, headers = ALLOWED.get(part) or ALLOWED.get(part.split("/")[0]) or (None, None)
    if folders is not None and part.startswith("servers/"):
        folders += (part.split("/")[1] + "/", part.split("/")[1].replace("-", "_") + "/")
    return folders, headers


def _local(name, header, part):
    """A quoted include that resolves to a file of the same component."""
    for base in ((ROOT / name).parent, *(ROOT / part).glob("**/include"), ROOT / part / "src"):
        path = (base / header).resolve()
        if path.is_file() and path.is_relative_to(ROOT / part):
            return True
    return False


def layering():
    """Includes follow the dependency rules."""
    for name in tracked("boot/*", "kernel/*", "libs/*", "servers/*", "guests/*"):
        if not name.endswith((".c", ".h", ".S")):
            continue
        part = component(name)
        folders, headers = _allowed(part)
        if folders is None:
            continue
        for number, line in enumerate(lines(name), 1):
            found = INCLUDE.match(line)
            if not found:
                continue
            header = found.group(2)
            if not (header in headers or header.startswith(folders) or _local(name, header, part)):
                yield f"{name}:{number}: {part} must not include {header}"


def kernel_core():
    """kernel/core and the object headers know the port contract (kernel/include/arch), not a port."""
    contract = {f"arch/{(ROOT / name).name}" for name in tracked("kernel/include/arch/*.h")}
    for name in tracked("kernel/core/*", "kernel/include/kernel/*"):
        for number, line in enumerate(lines(name), 1):
            found = INCLUDE.match(line)
            if not found:
                continue
            header = found.group(2)
            if "armv7" in header or "fake" in header or (header.startswith("arch/") and header not in contract):
                yield f"{name}:{number}: {header} belongs to a port"


def conditionals():
    """No conditional compilation in .c files: variants are files chosen at link time."""
    for name in tracked("boot/*.c", "kernel/*.c", "libs/*.c", "servers/*.c", "guests/*.c"):
        for number, line in enumerate(lines(name), 1):
            if CONDITIONAL.match(line):
                yield f"{name}:{number}: {line.strip()}"


RULES = {"layering": layering, "kernel_core": kernel_core, "conditionals": conditionals}
