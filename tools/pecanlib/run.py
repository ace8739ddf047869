"""`./pecan run`: packs a configuration, starts it in QEMU, and hands over or watches the console."""

import pathlib
import re
import subprocess
import sys
import time

from . import boards, build, check, devices, fit, project, setup
from .console import Console
from .machine import Machine, end_with_parent
from .ui import PecanError, Progress, say

DEFAULT_TIMEOUT = 600
LEAVE = "Ctrl-A X leaves, Ctrl-A H lists the other keys"


def prepare(options, packages=setup.RUN):
    """Sets up, builds and packs; returns (build folder, configuration path, FIT path)."""
    setup.ensure(packages)
    config = project.configuration(options.config or project.default_configuration())
    boards.board(options.board)
    check.refuse(config, options.board)
    own = fit.own_images(devices.pairs(options.image, "image"))
    folder = build.preset(options.board)
    package = fit.make(folder / "run" / f"{config.stem}.fit", config, project.images(folder) | own, options.board)
    return folder, config, package


def log_folder(options, folder):
    if options.log:
        path = pathlib.Path(options.log)
    else:
        path = folder / "run" / time.strftime("log-%Y%m%d-%H%M%S")
    path.mkdir(parents=True, exist_ok=True)
    return path


def _interactive(options, folder, package, logs, hardware):
    log = logs / "console.log"
    command = boards.qemu_command(options.board, project.loader(folder), package,
                                  f"stdio,mux=on,signal=off,logfile={devices.quote(log)},logappend=off",
                                  extra=[*hardware.arguments, "-mon", "chardev=console,mode=readline"])
    say(f"starting {package.stem} on {options.board}; {LEAVE}; log: {log}")
    with subprocess.Popen(command, preexec_fn=end_with_parent) as qemu:
        try:
            hardware.started(qemu.pid)
            status = qemu.wait()
        except BaseException:
            qemu.terminate()  # it leaves the terminal as it was
            try:
                qemu.wait(5)
            except subprocess.TimeoutExpired:
                qemu.kill()
            raise
    console = Console(hardware.guests)
    console.feed(log.read_bytes())
    if console.fatal():
        raise PecanError(f"the system gave up: {console.fatal().strip()}", f"Console log: {log}")
    return status


class _Echo:
    """Writes the console to our stdout as it arrives, and tells what is waited for when it is silent."""

    def __init__(self, machine, what, goal):
        self.machine = machine
        self.goal = goal
        self.progress = Progress(what)
        self.line_begun = False
        self.feed = machine.console.feed
        machine.console.feed = self
        machine.waiting = self.silent

    def __call__(self, data):
        self.progress.quiet()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        self.line_begun = not data.endswith(b"\n") and sys.stdout.isatty()
        self.feed(data)

    def silent(self):
        if not self.line_begun:
            self.progress.show(f"waiting for {self.goal}; the console is silent")
        elif time.monotonic() - self.progress.since > Progress.AFTER and self.progress.terminal:
            self.line_begun = False
            print(flush=True)


def _headless(options, folder, package, logs, hardware):
    command = boards.qemu_command(options.board, project.loader(folder), package, "stdio,signal=off",
                                  extra=hardware.arguments)
    timeout, start = options.timeout or DEFAULT_TIMEOUT, time.monotonic()
    with Machine(command, logs / "console.log", hardware) as machine:
        _Echo(machine, hardware.config, f"/{options.until.pattern}/" if options.until else "the end")
        if options.until:
            match = machine.expect(options.until, timeout)
            machine.finish_line()
            say(f"seen after {time.monotonic() - start:.0f} s: {match.string.strip()}")
            return 0
        status = machine.wait_exit(timeout)
        if status != 0:
            machine.fail(f"QEMU ended with status {status}")
        return 0


def run(options):
    if options.until:
        try:
            options.until = re.compile(options.until)
        except re.error as error:
            raise PecanError(f"--until: not a regular expression: {error}", status=2) from None
    folder, config, package = prepare(options)
    logs = log_folder(options, folder)
    headless = options.headless or options.until or not (sys.stdin.isatty() and sys.stdout.isatty())
    if headless and not options.headless and not options.until:
        say("no terminal: running headless (as with --headless)")
    with devices.for_run(options, config, folder) as hardware:
        return (_headless if headless else _interactive)(options, folder, package, logs, hardware)
