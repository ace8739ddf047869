#!/usr/bin/python3
"""Fetches third-party parts into the cache and prints where they are, one line each.

usage: fetch.py [--cache DIR] PART...      prints each part's folder
       fetch.py [--cache DIR] --image PART...          prints each part's file (a kernel, busybox, u-boot)
       fetch.py [--cache DIR] --image --copy FILE PART   copies that file
"""

import argparse
import shutil

from pecanlib import cache, parts, ui


def run():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", help="cache folder (default: $PECAN_CACHE or ~/.cache/pecan)")
    parser.add_argument("--image", action="store_true", help="print the part's file, not its folder")
    parser.add_argument("--copy", metavar="FILE", help="with --image of one part: copy it to FILE")
    parser.add_argument("parts", nargs="+", metavar="PART", choices=sorted(parts.MAKERS))
    options = parser.parse_args()
    folder = cache.cache_dir(options.cache)
    if options.copy:
        shutil.copyfile(parts.image(folder, options.parts[0])[0], options.copy)
        return
    for name in options.parts:
        print(parts.image(folder, name)[0] if options.image else parts.fetch(folder, name))


if __name__ == "__main__":
    ui.main(run)
