"""Cross-checks of a partition configuration that a schema cannot make.

Each problem is one line: `file: /node: property: what; remedy`. The root server makes the same checks at
boot; here they come with the file's name and before anything is packed.
"""

from .. import boards, dts
from ..ui import PecanError
from . import access, domain, network, storage
from .common import Problem, expect_cells, status
from .model import System


def _names(parent):
    """Domains are known by their names."""
    names = {}
    for node in parent.children:
        short = node.name.split("@")[0]
        if short in names:
            yield Problem(node.path, "", f"another domain is called '{short}' too",
                          "give each domain its own name")
        names[short] = node.path


def _memory(system, board):
    total = sum(domain.memory(node)[1] for node in system.domains if domain.memory(node))
    available = boards.board(board)[2] << 20
    if total > available:
        yield Problem("/domains", "memory", f"the domains ask for {total >> 20} MiB; the board {board} has "
                      f"{available >> 20} MiB", "give some domain less")


def problems(root, board, manifest=None):
    """Every problem of a parsed configuration. manifest: names of the images that exist, when known."""
    parent = root.child("domains")
    if parent is None:
        return [Problem("/domains", "", "missing", "add a /domains node with one node for each VM")]
    system = System(root)
    found = [*expect_cells(parent, "#address-cells", 2), *expect_cells(parent, "#size-cells", 2)]
    for node in system.unknown:
        found.append(Problem(node.path, "", "unknown node", "remove it, or give it compatible and reg"))
    if not system.domains:
        found.append(Problem(parent.path, "", "there is no domain", "add a node for each VM"))
    found += _names(parent)
    for node in parent.children:
        found += status(node)
    for node in system.domains:
        found += domain.problems(node, manifest)
    found += [*access.problems(system), *storage.problems(system), *network.problems(system)]
    return found + list(_memory(system, board))


def check_file(path, board, manifest=None):
    """Messages, each with the file's name, for a configuration file; empty when it is good."""
    root = dts.parse(dts.compile_dts(path, board, labels=True))
    return [f"{path}: {problem}" for problem in problems(root, board, manifest)]


def refuse(path, board):
    """Raises with all messages when a configuration is bad."""
    messages = check_file(path, board)
    if messages:
        raise PecanError("\n".join(["the configuration is not usable:", *messages]),
                         f"`./pecan check {path}` checks it again.")
