"""The boards that QEMU stands in for, and the command line that starts one."""

from .ui import PecanError

# name: (QEMU machine, processor, RAM in MiB)
BOARDS = {
    "qemu-virt-a15": ("virt,virtualization=on,gic-version=2", "cortex-a15", 1024),
    "qemu-virt-a7": ("virt,virtualization=on,gic-version=2", "cortex-a7", 1024),
}
RAM_BASE = 0x40000000


def board(name):
    try:
        return BOARDS[name]
    except KeyError:
        raise PecanError(f"unknown board '{name}'", f"Boards: {', '.join(BOARDS)}.") from None


def qemu_command(name, loader, package, console, icount=False, semihosting=False, extra=()):
    """The argument list of QEMU. console: what to pass after -chardev for the board's UART."""
    machine, processor, megabytes = board(name)
    command = ["qemu-system-arm", "-M", machine, "-cpu", processor, "-smp", "1", "-m", str(megabytes),
               "-display", "none", "-nic", "none", "-no-user-config",
               "-chardev", f"{console},id=console", "-serial", "chardev:console",
               "-kernel", str(loader), "-initrd", str(package)]
    if icount:
        command += ["-icount", "shift=0,sleep=off"]
    if semihosting:
        command += ["-semihosting-config", "enable=on,target=native"]
    return command + list(extra)
