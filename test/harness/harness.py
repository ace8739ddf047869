"""What tests use to boot the system in QEMU and talk to it. Standard library only.

A test script is a function that gets a Bench (the build tree, the board, a place for logs):

    def test(bench):
        with bench.boot(config="one-linux") as machine:
            machine.expect("GUEST READY", 200)
            machine.send("echo hello\\n")
            machine.expect("^hello", 20)

    harness.main("linux_boot", test)

A test passes when the function returns. On a failure the harness prints the last console lines, the log's
path and the command line that runs this one test again.
"""

import argparse
import pathlib
import re
import shlex
import sys
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from pecanlib import boards, devices, fit, project  # noqa: E402
from pecanlib.machine import Failed, Machine  # noqa: E402
from pecanlib.ui import PecanError  # noqa: E402

# Bounds in seconds: they tell a hang from a machine that is many times slower than ours, and cost nothing in a test
# that passes. ANSWER_S is for what takes a few seconds at most on an idle one.
ANSWER_S = 120
BOOT_S = 300
DATA_S = 600


class Bench:
    """Where a test runs: build tree, board, log folder; and the images it replaces or adds."""

    def __init__(self, name, options):
        self.name = name
        self.options = options
        self.build = pathlib.Path(options.build)
        self.board = options.board
        self.folder = self.build / "test-logs" / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.count = 0
        for left_over in self.folder.glob("*.img"):
            left_over.unlink()

    def package(self, config=None, images=None):
        """Packs a FIT for a configuration (name, path, or None) and returns its path."""
        manifest = dict(project.images(self.build), **(images or {}))
        path = project.configuration(config) if config else None
        self.count += 1
        return fit.make(self.folder / f"{self.count}.fit", path, manifest, self.board)

    def boot(self, config=None, images=None, package=None, icount=False, semihosting=False, extra=(), disks=None,
             nets=None):
        """Starts QEMU with the loader, a FIT and the configuration's devices; returns the Machine (a context manager).

        The configuration's disks are images in the test's folder, empty when the test begins and kept from boot
        to boot; disks and nets replace some: {name: image file}, {name: -netdev value}. machine.devices has
        the sockets: control, consoles[NAME].
        """
        if package is None:
            package = self.package(config, images)
        path = project.configuration(config) if config else None
        hardware = devices.Devices(path, self.board, self.folder, disks, nets)
        try:
            command = boards.qemu_command(self.board, project.loader(self.build), package, "stdio,signal=off",
                                          icount, semihosting, [*hardware.arguments, *extra])
            return Machine(command, self.folder / f"console-{self.count}.log", hardware)
        except BaseException:
            hardware.close()
            raise

    def start(self, command):
        """Starts any other QEMU command line (a native boot to compare with)."""
        self.count += 1
        return Machine(command, self.folder / f"console-{self.count}.log")


def arguments(description):
    """The options that CTest passes to every script; a script may add its own."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--build", default=str(project.build_dir(project.DEFAULT_BOARD)))
    parser.add_argument("--board", default=project.DEFAULT_BOARD)
    return parser


def run(name, test, options):
    """Runs test(bench) and returns the exit status; prints how to run it again when it fails."""
    try:
        test(Bench(name, options))
    except (PecanError, AssertionError) as error:
        print(f"FAILED {name}: {error}", file=sys.stderr)
        if isinstance(error, AssertionError):
            traceback.print_exc()
        if getattr(error, "remedy", None):
            print(error.remedy, file=sys.stderr)
        script = " ".join(shlex.quote(word) for word in sys.argv)
        print(f"again: PYTHONPATH={ROOT}/test/harness /usr/bin/python3 -B {script}", file=sys.stderr)
        return 1
    print(f"passed {name}")
    return 0


def main(name, test, parser=None):
    """The body of a test script with one test."""
    options = (parser or arguments(name)).parse_args()
    sys.exit(run(name, test, options))


class Tap:
    """Reads the Test Anything Protocol out of console lines: plan, ok, not ok, Bail out!"""

    RESULT = re.compile(r"^(not )?ok\b(?: (\d+))?(.*)$")
    PLAN = re.compile(r"^1\.\.(\d+)")

    def __init__(self):
        self.planned = None
        self.passed = 0
        self.failures = []
        self.bailed = None

    def line(self, text):
        """Takes one line; lines that are not TAP are ignored."""
        plan, result = self.PLAN.match(text), self.RESULT.match(text)
        if plan:
            self.planned = int(plan.group(1))
        elif result:
            todo = re.search(r"# *SKIP", result.group(3), re.I)
            if result.group(1) and not todo:
                self.failures.append(text)
            else:
                self.passed += 1
        elif text.startswith("Bail out!"):
            self.bailed = text

    def complete(self):
        return self.bailed is not None or (
            self.planned is not None and self.passed + len(self.failures) >= self.planned)

    def problem(self):
        """What is wrong, as a sentence; None when every planned test passed."""
        if self.bailed:
            return self.bailed
        if self.failures:
            return "\n".join([f"{len(self.failures)} failed:"] + self.failures)
        if self.planned is None:
            return "no TAP plan (1..N) was printed"
        if self.passed != self.planned:
            return f"{self.planned} tests planned, {self.passed} reported"
        return None


__all__ = ["ANSWER_S", "BOOT_S", "Bench", "DATA_S", "Failed", "Machine", "PecanError", "Tap", "arguments", "main", "run"]
