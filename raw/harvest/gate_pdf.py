# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The gate for PDF: what is not even parsed, found in its bytes.

Belongs here: encryption, scripts and attachments, damage, sizes. Does not belong here: reading tables (`pdf`), which
happens in a process of its own with limits, so that what this gate cannot see costs no more than those.

Names may hide: spelled with `#4a`, or in a packed stream of objects. Both are looked through. A packed stream carries
a checksum, and a stream that does not agree with it is damage: a reader of PDF would show what is left of it.
"""

from __future__ import annotations

import re
import zlib

from raw.harvest.unreadable import Unreadable

MAX_PDF_BYTES = 64 * 1024 * 1024
MAX_PDF_PAGES = 1_000
MAX_PDF_OBJECTS = 200_000
MAX_STREAM_BYTES = 32 * 1024 * 1024
"""Unpacked size of one stream that is no image; what stands on a page is a hundredth of this."""
MAX_STREAMS_BYTES = 256 * 1024 * 1024

_TAIL = 2048
_STREAM = re.compile(rb"stream\r?\n")
_END = b"endstream"
_DICTIONARY = 4096
_NAME = re.compile(rb"/[A-Za-z0-9_.+#-]+")
_HEX = re.compile(rb"#([0-9A-Fa-f]{2})")
_ACTIVE = {
    b"/JavaScript", b"/JS", b"/Launch", b"/EmbeddedFile", b"/EmbeddedFiles", b"/RichMedia", b"/XFA", b"/SubmitForm",
    b"/ImportData", b"/GoToE", b"/Movie", b"/Sound", b"/3D",
}  # fmt: skip
_PACKED = (b"/FlateDecode", b"/Fl")
_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_OBJECT = re.compile(rb"\d\s+\d+\s+obj\b")


def admit_pdf(content: bytes) -> None:
    """Look through a PDF. Raises Unreadable with the first reason against it."""
    if len(content) > MAX_PDF_BYTES:
        raise Unreadable("too_large")
    if b"%%EOF" not in content[-_TAIL:] or b"startxref" not in content[-_TAIL:]:
        raise Unreadable("damaged")
    scan = _Scan()
    texts, streams, is_whole = _divided(content)
    for text in texts:
        scan.look(text)
    if not is_whole:
        raise Unreadable("damaged")
    for about, start, end in streams:  # behind the texts: what is encrypted does not unpack either
        scan.unpack(about, content[start:end])


def _divided(content: bytes) -> tuple[list[bytes], list[tuple[bytes, int, int]], bool]:
    """What stands between the streams; each stream's dictionary, start and end; whether the last one ends."""
    texts: list[bytes] = []
    streams: list[tuple[bytes, int, int]] = []
    place = 0
    while found := _STREAM.search(content, place):
        text = content[place : found.start()]
        texts.append(text)
        if (end := content.find(_END, found.end())) < 0:
            return texts, streams, False
        streams.append((text[-_DICTIONARY:].rpartition(b" obj")[2], found.end(), end))
        place = end + len(_END)
    return [*texts, content[place:]], streams, True


def _names(text: bytes) -> list[bytes]:
    return [_HEX.sub(lambda code: bytes([int(code[1], 16)]), name) for name in _NAME.findall(text)]


class _Scan:
    """Counts of what was seen so far."""

    def __init__(self) -> None:
        self.pages = self.objects = self.unpacked = 0

    def look(self, text: bytes) -> None:
        """The objects of a text. Raises Unreadable at the first that must not be read."""
        names = set(_names(text))
        if b"/Encrypt" in names:
            raise Unreadable("encrypted")
        if names & _ACTIVE:
            raise Unreadable("active_content")
        self.pages += len(_PAGE.findall(text))
        self.objects += len(_OBJECT.findall(text))
        if self.pages > MAX_PDF_PAGES or self.objects > MAX_PDF_OBJECTS:
            raise Unreadable("too_large")

    def unpack(self, about: bytes, data: bytes) -> None:
        """A stream, unpacked as often as it is packed; images are not, nobody opens them."""
        names = _names(about)
        times = sum(name in _PACKED for name in names)
        if not times or b"/Image" in names:
            return
        for _ in range(min(times, 3)):
            machine = zlib.decompressobj()
            try:
                data = machine.decompress(data, MAX_STREAM_BYTES)
            except zlib.error as error:
                raise Unreadable("damaged") from error
            if not machine.eof:
                raise Unreadable("zip_bomb" if machine.unconsumed_tail else "damaged")
        self.unpacked += len(data)
        if self.unpacked > MAX_STREAMS_BYTES:
            raise Unreadable("too_large")
        if b"/ObjStm" in names:
            self.look(data)
