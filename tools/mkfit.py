#!/usr/bin/python3
"""Packs one FIT image out of a partition configuration.

usage: mkfit.py --build build/PRESET --output FILE [--board BOARD] [--image NAME=FILE]... [CONFIG]
CONFIG is a name below configs/partitions or a .dts file; without it the configuration is empty.
--image adds an image to the build's manifest or replaces one (init=FILE for a test).
"""

import argparse
import pathlib

from pecanlib import fit, project, ui


def run():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--board", default=project.DEFAULT_BOARD)
    parser.add_argument("--image", action="append", default=[], metavar="NAME=FILE")
    parser.add_argument("config", nargs="?")
    options = parser.parse_args()
    manifest = project.images(options.build)
    for pair in options.image:
        name, _, path = pair.partition("=")
        manifest[name] = pathlib.Path(path)
    config = project.configuration(options.config) if options.config else None
    fit.make(options.output, config, manifest, options.board)


if __name__ == "__main__":
    ui.main(run)
