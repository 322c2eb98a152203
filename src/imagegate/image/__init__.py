"""Images: a source becomes data, a header, pixels and an Image, in one straight line."""

from imagegate.image.header import SUFFIXES, File, Header, Limits
from imagegate.image.image import Image, Pixels
from imagegate.image.reader import PAGED, ImageFile, Source, load, open_file, read

__all__ = [
    "PAGED",
    "SUFFIXES",
    "File",
    "Header",
    "Image",
    "ImageFile",
    "Limits",
    "Pixels",
    "Source",
    "load",
    "open_file",
    "read",
]
