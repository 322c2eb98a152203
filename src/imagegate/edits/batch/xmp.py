"""XMP: what made a picture, written into its file without touching a pixel."""

from __future__ import annotations

import binascii
import struct
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import quoteattr

from imagegate.edits.batch.store import Store
from imagegate.errors import SettingsError

NAMESPACE = "urn:imagegate:edit:1"
JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
PNG_XMP = b"XML:com.adobe.xmp\x00\x00\x00\x00\x00"
LARGEST = 65_000  # bytes of a packet in a JPEG
# A picture made or changed by a model, IPTC Digital Source Type.
COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
HAS_ALPHA, HAS_XMP = 0x10, 0x04  # flags of an extended WebP


def facts_of(batch: Store, row: Mapping[str, Any]) -> dict[str, str]:
    """Return what a published picture says of itself."""
    made = batch.get("provenance")
    found = {
        "Model": made["model"],
        "Prompt": made["prompt"],
        "Parameters": ", ".join(f"{k}={v}" for k, v in (made.get("params") or {}).items()),
        "OriginalSHA256": row["original"],
        "MaskSHA256": row["mask"] or "",
        "By": made["by"],
        "Begun": made["begun"],
    }
    return {name: str(value) for name, value in found.items() if value}


def marked(batch: Store, row: Mapping[str, Any]) -> bytes:
    """Return the edited file of a picture with what made it."""
    return with_xmp(batch.read(row["edited"]), packet(facts_of(batch, row)), row["name"])


def packet(facts: Mapping[str, str]) -> bytes:
    """Return an XMP packet (ISO 16684-1)."""
    own = "\n   ".join(f"edit:{name}={quoteattr(value)}" for name, value in facts.items())
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
   xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
   xmlns:edit="{NAMESPACE}"
   Iptc4xmpExt:DigitalSourceType="{COMPOSITE}"
   {own}/>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>""".encode()


def with_xmp(content: bytes, xmp: bytes, name: str = "the picture") -> bytes:
    """Return a JPEG, PNG or WebP file with an XMP packet in place of any that it had.

    Raises
    ------
    SettingsError
        For another format, or a packet too large for a JPEG.
    """
    if content[:2] == b"\xff\xd8":
        return _jpeg(content, xmp, name)
    if content[:8] == b"\x89PNG\r\n\x1a\n":
        return _png(content, xmp)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return _webp(content, xmp)
    raise SettingsError(f"{name}: provenance goes into JPEG, PNG and WebP alone; leave --xmp out")


def _jpeg(content: bytes, xmp: bytes, name: str) -> bytes:
    if len(xmp) > LARGEST:
        raise SettingsError(f"{name}: its provenance is larger than an XMP packet of a JPEG")
    segments, place = [], 2
    while place + 4 <= len(content) and content[place] == 0xFF and content[place + 1] != 0xDA:
        stop = place + 2 + struct.unpack(">H", content[place + 2 : place + 4])[0]
        if content[place + 4 : stop][: len(JPEG_XMP)] != JPEG_XMP:
            segments.append(content[place:stop])
        place = stop
    own = JPEG_XMP + xmp
    app1 = b"\xff\xe1" + struct.pack(">H", len(own) + 2) + own
    # JFIF and EXIF stay in front
    first = sum(1 for one in segments[:2] if one[1] == 0xE0 or one[4:8] == b"Exif")
    return b"\xff\xd8" + b"".join([*segments[:first], app1, *segments[first:]]) + content[place:]


def _png(content: bytes, xmp: bytes) -> bytes:
    chunks, place = [], 8
    while place + 8 <= len(content):
        (length,) = struct.unpack(">I", content[place : place + 4])
        chunk = content[place : place + 12 + length]
        if not (chunk[4:8] == b"iTXt" and chunk[8:].startswith(PNG_XMP[:18])):
            chunks.append(chunk)
        place += 12 + length
    body = b"iTXt" + PNG_XMP + xmp
    own = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", binascii.crc32(body))
    return content[:8] + chunks[0] + own + b"".join(chunks[1:])


def _webp(content: bytes, xmp: bytes) -> bytes:
    chunks, place = [], 12
    while place + 8 <= len(content):
        (length,) = struct.unpack("<I", content[place + 4 : place + 8])
        chunks.append((content[place : place + 4], content[place + 8 : place + 8 + length]))
        place += 8 + length + length % 2
    chunks = [one for one in chunks if one[0] != b"XMP "]
    if chunks[0][0] != b"VP8X":
        chunks.insert(0, (b"VP8X", _extended(*chunks[0])))
    flags = bytes([chunks[0][1][0] | HAS_XMP]) + chunks[0][1][1:]
    chunks = [(b"VP8X", flags), *chunks[1:], (b"XMP ", xmp)]
    body = b"WEBP" + b"".join(
        kind + struct.pack("<I", len(data)) + data + b"\x00" * (len(data) % 2)
        for kind, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _extended(kind: bytes, data: bytes) -> bytes:
    """Return the extended header of a simple file."""
    if kind == b"VP8L":
        bits = struct.unpack("<I", data[1:5])[0]
        width, height, alpha = bits & 0x3FFF, bits >> 14 & 0x3FFF, bits >> 28 & 1
    else:
        width, height = (x & 0x3FFF for x in struct.unpack("<HH", data[6:10]))
        width, height, alpha = width - 1, height - 1, 0
    sides = struct.pack("<I", width)[:3] + struct.pack("<I", height)[:3]
    return bytes([HAS_ALPHA * alpha, 0, 0, 0]) + sides
