"""The download cache: outside git, shared by all checkouts and by builds that run at once.

Each part has a folder and a stamp (`<part>/.stamp.json`) written last: a folder without a stamp is an
interrupted download and is made again. One lock file serialises all writers.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import pathlib
import shutil


def cache_dir(given=None):
    """The cache folder: an argument, $PECAN_CACHE, $XDG_CACHE_HOME/pecan or ~/.cache/pecan."""
    if not given:
        given = os.environ.get("PECAN_CACHE")
    if not given:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
        given = os.path.join(base, "pecan")
    folder = pathlib.Path(given).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def lock(folder):
    """Holds the cache's lock: the kernel drops it when the process ends, however it ends."""
    with open(folder / "lock", "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def read_stamp(folder):
    """What was put into folder, or None when it is absent or incomplete."""
    try:
        return json.loads((folder / ".stamp.json").read_text())
    except (OSError, ValueError):
        return None


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as handle:
        for block in iter(lambda: handle.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


@contextlib.contextmanager
def filling(folder):
    """Gives an empty folder to fill; it takes the name `folder` only when the block ends without an error.

    The block sets keys of the dictionary it is given: they become the stamp.
    """
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    stamp = {}
    yield partial, stamp
    (partial / ".stamp.json").write_text(json.dumps(stamp, indent=2, sort_keys=True) + "\n")
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
