"""Small PDF files: pages of pictures, forms, locked ones; written object by object."""

from __future__ import annotations

import hashlib
import zlib

import numpy as np

PAD = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")


def stream(body, entries=""):
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (entries.encode(), len(body), body)


def pdf(objects, trailer=""):
    """Return a file of objects, bytes or str, numbered from 1; the first is the catalogue."""
    out, starts = b"%PDF-1.6\n", []
    for number, each in enumerate(objects, 1):
        starts.append(len(out))
        body = each.encode() if isinstance(each, str) else each
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % start for start in starts)
    size = len(starts) + 1
    end = f"trailer<</Root 1 0 R/Size {size}{trailer}>>\nstartxref\n{len(out)}\n%%EOF\n"
    return out + b"xref\n0 %d\n0000000000 65535 f \n%s%s" % (size, table, end.encode())


def page_of(
    content, objects=(), *, box=(0, 0, 400, 300), page="", resources="", catalog="", trailer=""
):
    """Return a file of one page; ``objects`` are numbered from 5."""
    head = [
        f"<</Type/Catalog/Pages 2 0 R{catalog}>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R/MediaBox[{' '.join(map(str, box))}]/Contents 4 0 R{page}"
        f"/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>{resources}>>>>",
        stream(content.encode()),
    ]
    return pdf([*head, *objects], trailer)


def image(pixels, entries=""):
    """Return an image object of gray pixels."""
    height, width = pixels.shape
    space = "" if "/ImageMask" in entries else "/ColorSpace/DeviceGray"
    sizes = f"/Subtype/Image/Width {width}/Height {height}/BitsPerComponent 8{space}"
    return stream(
        zlib.compress(np.ascontiguousarray(pixels).tobytes()),
        f"/Type/XObject{sizes}/Filter/FlateDecode{entries}",
    )


def scan(pixels, *, points=(400, 300), content="", matrix=None, more=(), **options):
    """Return a page that a picture covers, as a scanner makes it."""
    matrix = matrix or f"{points[0]} 0 0 {points[1]} 0 0"
    options.setdefault("box", (0, 0, *points))
    return page_of(
        f"q {matrix} cm /I Do Q {content}",
        [image(pixels), *more],
        resources="/XObject<</I 5 0 R/J 6 0 R>>",
        **options,
    )


def form(fields, **options):
    """Return a form; each field is the entries of its widget, without what all share."""
    widgets = [f"<</Type/Annot/Subtype/Widget/F 4/P 3 0 R{entries}>>" for entries in fields]
    references = " ".join(f"{5 + number} 0 R" for number in range(len(widgets)))
    options["page"] = f"/Annots[{references}]"
    resources = "/DR<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>"
    options["catalog"] = (
        f"/AcroForm<</Fields[{references}]{resources}/DA(/F1 12 Tf 0 g){options.pop('acro', '')}>>"
        + options.pop("catalog", "")
    )
    return page_of("", widgets, **options)


def locked(user, *, handler="Standard"):
    """Return an empty page, encrypted by RC4 of 40 bits (ISO 32000-1 §7.6.3, revision 2)."""
    identifier = bytes(range(16))
    owner = _rc4(_md5(_padded(b"owner"))[:5], _padded(user))
    rights = (-4).to_bytes(4, "little", signed=True)
    key = _md5(_padded(user) + owner + rights + identifier)[:5]
    entries = f"/Filter/{handler}/V 1/R 2/P -4/O<{owner.hex()}>/U<{_rc4(key, PAD).hex()}>"
    content = _md5(key + (4).to_bytes(3, "little") + bytes(2))[:10]
    drawn = _rc4(content, b"0 0 200 300 re f").decode("latin-1")
    identifiers = f"/ID[<{identifier.hex()}><{identifier.hex()}>]"
    data = page_of("#" * len(drawn), trailer=f"/Encrypt<<{entries}>>{identifiers}")
    return data.replace(b"#" * len(drawn), drawn.encode("latin-1"))


def _md5(data):
    return hashlib.md5(data, usedforsecurity=False).digest()


def _padded(password):
    return (password + PAD)[:32]


def _rc4(key, data):
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)
