"""What the lint rules share: the tracked files, and reporting."""

import functools
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


@functools.cache
def tracked(*patterns):
    """Tracked files (relative paths) that match git patterns and still exist."""
    listing = subprocess.run(["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--", *patterns],
                             cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    return [name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


def text(name):
    return (ROOT / name).read_text(errors="replace")


def lines(name):
    return text(name).splitlines()


def component(name):
    """The part of the tree that a file belongs to: kernel, boot, libs/base, servers/vmm, guests/lib."""
    parts = name.split("/")
    return "/".join(parts[:2]) if parts[0] in ("libs", "servers", "guests", "test") else parts[0]
