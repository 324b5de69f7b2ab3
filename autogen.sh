#!/bin/sh
# Makes configure and Makefile.in from a checkout.
set -e
cd "$(dirname "$0")"
mkdir -p build-aux m4
exec autoreconf --install --force
