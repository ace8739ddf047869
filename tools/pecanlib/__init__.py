"""The host side of Pecan: what `./pecan`, the build and the tests share. Python standard library only."""
