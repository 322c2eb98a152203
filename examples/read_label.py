"""A program of somebody else's, as far as imagegate knows: prints a QR code's fields as JSON.

imagegate label example-qr/photos --task fields --command "python examples/read_label.py {image}"
"""

from __future__ import annotations

import json
import sys

import cv2


def main() -> None:
    """Read the image named on the command line and print its fields."""
    text = cv2.QRCodeDetector().detectAndDecode(cv2.imread(sys.argv[1]))[0]
    kind, _, number = text.partition(" ")
    print(json.dumps({"kind": kind, "number": number} if text else {}))


if __name__ == "__main__":
    main()
