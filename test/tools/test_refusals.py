"""init refuses every configuration of test/system/bad-configs in the words that the file expects, and accepts
every one that is shipped; `./pecan check` says the same about each of them. usage: test_refusals.py PROGRAM, which is init's own code (refusals.c).

test/system/bad_configs.py boots a sample of them and asks `./pecan check` about all.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

from pecanlib import check, dts, project
from pecanlib.ui import PecanError

FOLDER = project.ROOT / "test" / "system" / "bad-configs"
EXPECT = re.compile(r"^ \* expect(?:-boot)?: (.*)$", re.M)


# What only one of the two can know: the images, and how much memory the system itself takes.
OWN = re.compile(r"no image named|does not fit into|^/domains: memory: the domains ask for")


def told(lines):
    """What is wrong where, without what to do about it: that may name labels, which only the source has."""
    return {line.partition("; ")[0] for line in lines if not OWN.search(line)}


def check_says(config):
    """The lines of `./pecan check`, without the file's name."""
    return told(map(str, check.problems(dts.parse(dts.compile_dts(config)), project.DEFAULT_BOARD)))


def init_says(program, config):
    """(status, lines) of init's configuration reader."""
    with tempfile.NamedTemporaryFile(suffix=".dtb") as file:
        file.write(dts.compile_dts(config))
        file.flush()
        done = subprocess.run([program, file.name], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def faults(program):
    """What is not as it should be."""
    for path in sorted(FOLDER.glob("*.dts")):
        wanted = EXPECT.findall(path.read_text())
        if not wanted:
            continue
        try:
            status, text = init_says(program, path)
        except PecanError as error:
            yield f"{path.name}: {error}"
            continue
        if status != 1:
            yield f"{path.name}: status {status}\n{text}"
        if told(text.splitlines()) != check_says(path):
            yield f"{path.name}: init says\n{text}and check\n" + "\n".join(check_says(path))
        yield from (f"{path.name}: no '{pattern}' in\n{text}" for pattern in wanted if not re.search(pattern, text))
    for path in sorted(pathlib.Path(project.PARTITIONS).glob("*.dts")):
        status, text = init_says(program, path)
        if status != 0:
            yield f"{path.name}: {text}"


def main():
    found = list(faults(sys.argv[1]))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
