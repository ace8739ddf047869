"""`./pecan debug`: QEMU stopped before its first instruction, under gdb-multiarch with all symbols."""

import pathlib
import subprocess
import tempfile

from . import boards, devices, fit, project, run as running, setup
from .machine import end_with_parent
from .ui import say


def symbol_files(folder):
    """(kernel ELF, other ELFs with symbols): the loader and every server that was built."""
    manifest = project.images(folder)
    others = [path for path in (folder / "boot" / "boot", folder / "boot" / "boot.elf") if path.exists()]
    others += [manifest[name] for name in fit.SYSTEM
               if name != "kernel" and name in manifest and manifest[name].exists()]
    return manifest["kernel"], others


def entry(elf):
    """The entry point of a 32-bit ELF file (several programs have a symbol _start)."""
    with open(elf, "rb") as handle:
        return int.from_bytes(handle.read(28)[24:28], "little")


def gdb_script(kernel, others, socket, commands):
    """gdb's commands up to the stop at the kernel's entry, then the user's own."""
    lines = ["set pagination off", "set confirm off", "set architecture arm", f"file {kernel}"]
    lines += [f"add-symbol-file {path}" for path in others]
    lines += [f"target remote {socket}", f"thbreak *{entry(kernel):#x}", "continue", *commands]
    if commands:
        lines += ["disconnect", "quit"]  # the target stays stopped until QEMU is ended
    return "\n".join(lines) + "\n"


def run(options):
    options.log = None
    folder, config, package = running.prepare(options, setup.DEBUG)
    logs = running.log_folder(options, folder)
    kernel, others = symbol_files(folder)
    with tempfile.TemporaryDirectory(prefix="pecan-gdb-") as work, \
            devices.for_run(options, config, folder) as hardware:
        socket, console = pathlib.Path(work) / "gdb", pathlib.Path(work) / "console"
        command = boards.qemu_command(
            options.board, project.loader(folder), package,
            f"socket,path={console},server=on,wait=off,logfile={logs / 'console.log'},logappend=off",
            extra=(*hardware.arguments, "-S", "-gdb", f"unix:{socket},server=on,wait=off", "-monitor", "none"))
        script = pathlib.Path(work) / "pecan.gdb"
        script.write_text(gdb_script(kernel, others, socket, options.command))
        # A session of its own: Ctrl-C in gdb interrupts the target, not QEMU.
        qemu = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True,
                                preexec_fn=end_with_parent)
        try:
            hardware.started(qemu.pid)
            say(f"debugging {config.stem} on {options.board}; console log: {logs / 'console.log'}")
            say(f"to type at the console: socat -,raw,echo=0 UNIX:{console}")
            batch = ["-batch"] if options.command else []
            return subprocess.run(["gdb-multiarch", "-q", "-nx", *batch, "-x", str(script)]).returncode
        finally:
            if qemu.poll() is None:
                qemu.kill()
            qemu.wait(10)
