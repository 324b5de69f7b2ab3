#!/usr/bin/env python3
"""Prints the rows of src/base/printable.c from this Python's Unicode tables."""

start = None
for c in range(0x110001):
    bad = c < 0x110000 and not chr(c).isprintable()
    if bad and start is None:
        start = c
    if not bad and start is not None:
        print("\t{0x%x, 0x%x}," % (start, c - 1))
        start = None
