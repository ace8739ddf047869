"""Configuring and building a preset, quietly: the whole output appears only when something fails."""

import contextlib
import fcntl
import re
import subprocess
import sys
import threading

from . import project
from .ui import PecanError, Progress, say

TIMEOUT = 1800
STEP = re.compile(r"\[(\d+)/(\d+)\] ")  # ninja's
PRESETS = ("qemu-virt-a15", "qemu-virt-a15-debug", "qemu-virt-a7", "host")


@contextlib.contextmanager
def _lock(preset):
    """One build at a time in a build tree."""
    folder = project.build_dir(preset)
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".pecan.lock", "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield folder


def _run(what, command):
    """Runs a step; its own `pecan:` lines (downloads) pass through, the rest is shown when it fails."""
    output, progress = [], Progress(what)
    process = subprocess.Popen(command, cwd=project.ROOT, text=True, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace")
    watchdog = threading.Timer(TIMEOUT, process.kill)
    watchdog.start()
    try:
        for line in process.stdout:
            output.append(line)
            step = STEP.match(line)
            if step:
                progress.show(f"step {step.group(1)} of {step.group(2)}")
            elif line.startswith("pecan: "):
                progress.quiet()
                print(line, end="", file=sys.stderr, flush=True)
        status = process.wait()
    finally:
        progress.quiet()
        watchdog.cancel()
        process.kill()
    if status != 0:
        print("".join(output), file=sys.stderr)
        raise PecanError(f"{what} failed: {' '.join(command)}")


def preset(name):
    """Brings a preset's build tree up to date and returns its folder."""
    with _lock(name) as folder:
        if not (folder / "build.ninja").exists():
            say(f"configuring {name}")
            _run(f"configuring {name}", ["cmake", "--preset", name])
        say(f"building {name}")
        _run(f"building {name}", ["cmake", "--build", "--preset", name])
    return folder
