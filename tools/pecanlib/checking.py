"""`./pecan check`: compiles a configuration, validates it against the bindings, then the cross-checks."""

import pathlib
import subprocess
import sys
import tempfile

from . import boards, check, devices, dts, fit, project, setup

BINDINGS = project.ROOT / "configs" / "bindings"
# Images that any build can provide, known before a first build.
FETCHED = ("linux-armmp-lpae", "linux-armmp", "linux-rt-armmp", "initramfs", "u-boot")


def _schema(blob, path, known):
    """dt-schema's messages about a blob, each with the file's name; empty without bindings.

    known: beginnings of messages about nodes of which the cross-checks, whose words are plainer, have told.
    """
    bindings = sorted(BINDINGS.glob("*.yaml"))
    if not bindings:
        return []
    with tempfile.NamedTemporaryFile(suffix=".dtb") as file:
        file.write(blob)
        file.flush()
        done = subprocess.run(["dt-validate", "-s", str(BINDINGS), file.name], text=True,
                              capture_output=True, timeout=300)
        lines = (done.stdout + done.stderr).replace(f"{file.name}: ", "").splitlines()
    found = [f"{line}; mend the binding" for line in lines if "error in schema" in line]
    # dt-schema's own schemas describe whole machines: only what our bindings say counts here.
    message = ""
    for line in lines:
        if not line.startswith("\t"):
            message = line
        elif line.startswith("\tFrom schema:") and str(BINDINGS) in line and not message.startswith(known):
            found.append(f"{path}: {message}; see {pathlib.Path(line.split()[-1]).relative_to(project.ROOT)}")
    return found


def known_images(board):
    """Image names that exist: those of the board's build tree when there is one."""
    manifest = project.build_dir(board) / "images.json"
    names = set(project.images(manifest.parent)) if manifest.exists() else set()
    return (names | set(FETCHED)) - set(fit.SYSTEM) if names else None


def run(options):
    setup.ensure(setup.CHECK)
    boards.board(options.board)
    path = project.configuration(options.config)
    blob = dts.compile_dts(path, options.board)
    root = dts.parse(dts.compile_dts(path, options.board, labels=True))
    own = fit.own_images(devices.pairs(options.image, "image"))
    known = known_images(options.board)
    problems = check.problems(root, options.board, known | set(own) if known else None)
    told = tuple(": ".join(["", *problem.path.split("/")[-depth:]])[2:] for problem in problems for depth in (1, 2))
    messages = _schema(blob, path, told) + [f"{path}: {problem}" for problem in problems]
    for message in messages:
        print(message, file=sys.stderr)
    if messages:
        return 1
    print(f"{path}: no problem found")
    return 0
