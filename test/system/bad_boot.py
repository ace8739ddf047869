"""What loader and init refuse before anything runs: the wrong mode, no package, executables that lie or break W^X."""

import pathlib
import struct

import harness
from pecanlib import boards

PROGRAM = struct.Struct("<8I")  # type, offset, va, pa, file size, size, flags, align
TYPE, OFFSET, VA, PA, FILE_SIZE, SIZE, FLAGS = range(7)
LOAD, EXEC, WRITE = 1, 1, 2


def elf_variant(bench, image, name, change):
    """A copy of an executable with change(fields) made to each loadable program header."""
    blob = bytearray(pathlib.Path(bench.images[image]).read_bytes())
    start, = struct.unpack_from("<I", blob, 28)
    count, = struct.unpack_from("<H", blob, 44)
    for at in range(start, start + count * PROGRAM.size, PROGRAM.size):
        fields = list(PROGRAM.unpack_from(blob, at))
        if fields[TYPE] == LOAD:
            change(fields)
            PROGRAM.pack_into(blob, at, *fields)
    path = bench.folder / f"{image}-{name}.elf"
    path.write_bytes(blob)
    return path


def add_execute(fields):
    fields[FLAGS] |= EXEC if fields[FLAGS] & WRITE else 0


def move(field, distance):
    def change(fields):
        fields[field] = (fields[field] + distance) & 0xffffffff
    return change


def oversize(fields):
    fields[FILE_SIZE] = fields[SIZE] = 0x7fffffff


# (image, name, change, message)
EXECUTABLES = [
    ("kernel", "outside-ram", move(PA, 0x80000000), r"\[boot\] ERROR: the kernel does not fit where it is linked"),
    ("kernel", "on-the-loader", move(PA, -0x1f0000), r"\[boot\] ERROR: the kernel does not fit where it is linked"),
    ("kernel", "oversize", oversize, r"\[boot\] ERROR: kernel: a segment lies outside the file"),
    ("init", "write-and-execute", add_execute, r"\[boot\] ERROR: init has a segment both writable and executable"),
    ("init", "unaligned", move(VA, 8), r"\[boot\] ERROR: init is not linked at a page"),
    ("init", "below-user", move(VA, -0xf000000), r"\[boot\] ERROR: init is not linked at a page of the user range"),
    ("init", "beyond-file", move(OFFSET, 0x1000000), r"\[boot\] ERROR: init: a segment lies outside the file"),
    ("vmm", "write-and-execute", add_execute, r"\[init\] ERROR: vmm: a segment is both writable and executable"),
    ("vmm", "elsewhere", move(VA, 0x10000000), r"\[init\] ERROR: vmm: a segment lies outside the servers' range"),
    ("devmgr", "beyond-file", move(OFFSET, 0x1000000), r"\[init\] ERROR: devmgr: a segment lies outside the file"),
]


def refused(machine, pattern, status):
    """The message comes, nothing else happens, and the machine ends with that status."""
    got = machine.wait_exit(harness.ANSWER_S, may_give_up=True)
    machine.expect(pattern, 0, guest_only=False)
    text = "\n".join(machine.console.lines)
    assert got == status, f"status {got}, not {status}\n{text}"
    assert "PANIC" not in text and "died" not in text, text


def command(bench, package, semihosting, change=None):
    words = boards.qemu_command(bench.board, harness.project.loader(bench.build), package,
                                "stdio,signal=off", semihosting=semihosting)
    return change(words) if change else words


def without_hyp(words):
    return [word.replace("virtualization=on", "virtualization=off") for word in words]


def without_package(words):
    at = words.index("-initrd")
    return words[:at] + words[at + 2:]


def test(bench):
    bench.images = harness.project.images(bench.build)
    good = bench.package("one-linux")
    for change, pattern in ((without_hyp, r"^\[boot\] ERROR: not entered in HYP mode"),
                            (without_package, r"^\[boot\] ERROR: no package was given")):
        for semihosting in (True, False):
            with bench.start(command(bench, good, semihosting, change)) as machine:
                refused(machine, pattern, 1 if semihosting else 0)  # a power-off has no status
    not_elf = bench.folder / "not-elf"
    not_elf.write_text("this is not an executable\n" * 10)
    cases = [(image, elf_variant(bench, image, name, change), pattern)
             for image, name, change, pattern in EXECUTABLES]
    cases += [("kernel", not_elf, r"\[boot\] ERROR: kernel: it is not a 32-bit"),
              ("init", not_elf, r"\[boot\] ERROR: init: it is not a 32-bit"),
              ("vmm", not_elf, r"\[init\] ERROR: vmm: it is not a 32-bit")]
    for image, path, pattern in cases:
        package = bench.package("one-linux", {image: path})
        with bench.start(command(bench, package, True)) as machine:
            refused(machine, pattern, 1)


if __name__ == "__main__":
    harness.main("bad_boot", test)
