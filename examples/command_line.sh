#!/bin/sh
# Gate a program by its command line: two minutes. It prints JSON; plain text, a mask and a picture work, too.
#
#     python examples/qr_codes.py          # draws example-qr/photos
#     sh examples/command_line.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)
imagegate label example-qr/photos --task fields --command "python $here/read_label.py {image}" \
    --timeout 20 --limit-sources 240 --variants 3 --out example-qr/fields
imagegate train example-qr/fields --out example-qr/fields.gate --risk-target 0.2 --confidence 0.8 --force
imagegate check example-qr/photos/0001.png --gate example-qr/fields.gate
