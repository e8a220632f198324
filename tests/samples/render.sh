#!/bin/sh
# Renders the sample pictures: each .pov beside this script to a .jpg, and ../tomato.json from tomato.jpg.
# Needs POV-Ray 3.7 (Debian package povray) and Python 3. Usage: render.sh [scene ...]   (default: all scenes)
set -eu
cd "$(dirname "$0")"

command -v povray >/dev/null || { echo "render.sh: povray not found; install the package povray" >&2; exit 1; }

scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
[ $# -gt 0 ] || set -- *.pov
for scene in "$@"; do
    name="${scene%.pov}"
    [ -f "$name.pov" ] || { echo "render.sh: no scene $name.pov" >&2; exit 1; }
    # One thread: radiosity samples depend on the order of the tiles, and the same picture should come out each time.
    if ! povray +I"$name.pov" +O"$scratch/$name.jpg" +FJ90 +W640 +H640 +A0.15 +R3 +WT1 -D -V >"$scratch/log" 2>&1; then
        cat "$scratch/log" >&2
        exit 1
    fi
    # The web page shows the same pictures as examples.
    cp "$scratch/$name.jpg" "$name.jpg"
    cp "$scratch/$name.jpg" "../../web/examples/$name.jpg"
    echo "rendered $name.jpg"
done
python3 make_event.py tomato.jpg ../tomato.json
