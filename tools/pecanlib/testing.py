"""`./pecan test`: builds what the chosen labels need and runs one ctest over all build trees."""

import os
import subprocess
import sys

from . import build, project, setup
from .ui import PecanError, say

HOST, TARGET = "host", project.DEFAULT_BOARD
# label: the build trees whose tests carry it
LABELS = {"unit": (HOST,), "lint": (HOST, TARGET), "target": (TARGET,), "system": (TARGET,),
          "bench": (TARGET,), "mutants": (TARGET,), "fuzz": (HOST,)}
# Rebuilds the system dozens of times, or runs as long as one likes: only when asked by name.
ON_REQUEST = ("mutants", "fuzz")
TIMEOUT = 3 * 3600


def _write_index(trees):
    """A build tree whose only content is a list of others, for one ctest run and one summary."""
    folder = project.ROOT / "build" / ("all" if len(trees) > 1 else f"all-{trees[0]}")
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f'subdirs("{project.build_dir(tree)}")' for tree in trees]
    (folder / "CTestTestfile.cmake").write_text("\n".join(lines) + "\n")
    return folder


def run(options):
    labels = options.labels or [label for label in LABELS if label not in ON_REQUEST]
    for label in labels:
        if label not in LABELS:
            raise PecanError(f"unknown label '{label}'", f"Labels: {', '.join(LABELS)}.", status=2)
    trees = [tree for tree in (HOST, TARGET) if any(tree in LABELS[label] for label in labels)]
    packages = setup.HOST if trees == [HOST] else setup.TEST
    setup.ensure(packages + setup.FUZZ if "fuzz" in labels else packages)
    for tree in trees:
        build.preset(tree)
    folder = _write_index(trees)
    jobs = str(max(1, min(4, os.cpu_count() or 1)))
    command = ["ctest", "--test-dir", str(folder), "--output-on-failure", "--no-tests=error", "-j", jobs,
               "-L", f"^({'|'.join(labels)})$"]
    if options.match:
        command += ["-R", options.match]
    say(f"running tests: {' '.join(labels)}")
    status = subprocess.run(command, timeout=TIMEOUT).returncode
    if "mutants" in labels and not options.match:
        subprocess.run([sys.executable, "-B", project.ROOT / "tools" / "mutants.py", "--table"], timeout=60)
    return status
