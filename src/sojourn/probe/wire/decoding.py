"""From the bytes of an answer to its text: never more than so many bytes, however much they were packed into."""

import re
import zlib

_PACKED = {"gzip": 47, "x-gzip": 47, "deflate": 47}
"""What is asked for, and the window by which zlib reads both of its formats."""
ACCEPTED = "gzip, deflate"
_CHARSET = re.compile(
    rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w.:-]+)|<\?xml[^>]{0,100}encoding=[\"']([\w.:-]+)", re.IGNORECASE
)
_KNOWN = re.compile(
    r"utf-?8|utf-?16(le|be)?|(us-)?ascii|iso-?8859-\d+|latin-?\d|windows-\d+|cp\d+|koi8-[ru]|gb2312|gbk|gb18030|big5\w*"
    r"|shift.?jis|euc-(jp|kr)|iso-2022-jp",
    re.IGNORECASE,
)
"""Encodings of texts. Python knows others by such names, which are none: zip, hex, escapes."""


class Unpacking:
    """The bytes of one answer, as they arrive."""

    def __init__(self, encoding: str, most: int) -> None:
        packed = _PACKED.get(encoding.strip().lower())
        self._unpack = zlib.decompressobj(packed) if packed else None
        self._most = most
        self.read = bytearray()
        self.cut = False
        """Whether there was more than is kept."""

    def feed(self, chunk: bytes) -> None:
        """Take what has arrived. What is packed wrongly, or twice, is kept as far as it can be read."""
        room = self._most - len(self.read)
        if self._unpack is None:
            self.read += chunk[:room]
            self.cut = self.cut or len(chunk) > room
            return
        try:
            self.read += self._unpack.decompress(chunk, room + 1)
        except zlib.error:
            self.cut = True
        if len(self.read) > self._most:
            del self.read[self._most :]
            self.cut = True

    def text(self, content_type: str) -> str:
        """The text, by the charset that the header or the page names; whatever is no text in it is replaced."""
        named = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", content_type, re.IGNORECASE)
        inside = _CHARSET.search(self.read[:1024])
        charset = named[1] if named else (inside[1] or inside[2]).decode("ascii", "replace") if inside else "utf-8"
        try:
            return self.read.decode(charset if _KNOWN.fullmatch(charset) else "utf-8", "replace")
        except LookupError:
            return self.read.decode("utf-8", "replace")
