"""Members of a docx or odt, read within bounds: a zip says how large its members are, and it may lie."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import TYPE_CHECKING

from ingest import wording

if TYPE_CHECKING:
    from lxml.etree import _Element

_STEP = 1 << 20
_MEMBERS = 20_000  # a text document has some dozens


class Archive:
    """An opened docx or odt. Raises SourceUnreadable for what is damaged, locked or much larger than it looks."""

    def __init__(self, data: bytes, limit_mb: int) -> None:
        self._limit_mb = limit_mb
        self._left = limit_mb * 1_000_000
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise wording.damaged("de inhoudsopgave van het bestand klopt niet") from error
        infos = self._zip.infolist()
        if len(infos) > _MEMBERS or sum(i.file_size for i in infos) > self._left:
            raise wording.unpacks_too_large(limit_mb)
        self.names = frozenset(i.filename for i in infos)

    def read(self, name: str) -> bytes:
        """The bytes of a member; SourceUnreadable when it is missing."""
        if name not in self.names:
            raise wording.damaged(f"het onderdeel {name} ontbreekt")
        info = self._zip.getinfo(name)
        if info.flag_bits & 1:
            raise wording.password()
        parts: list[bytes] = []
        try:
            with self._zip.open(info) as stream:
                while part := stream.read(_STEP):
                    self._left -= len(part)
                    if self._left < 0:
                        raise wording.unpacks_too_large(self._limit_mb)
                    parts.append(part)
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError) as error:
            raise wording.damaged(f"het onderdeel {name} kan niet worden uitgepakt") from error
        return b"".join(parts)

    def xml(self, name: str) -> _Element:
        """A member as XML, without entities, network or document types."""
        return xml_root(self.read(name), name)

    def optional_xml(self, name: str) -> _Element | None:
        """A member as XML, or None when it is missing."""
        return self.xml(name) if name in self.names else None


def xml_root(data: bytes, name: str) -> _Element:
    """The root element; SourceUnreadable for malformed XML and for entity definitions, which office files never need."""
    from lxml import etree

    if b"<!ENTITY" in data[:100_000] or "<!ENTITY".encode("utf-16-le") in data[:100_000]:
        raise wording.hostile_xml()
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True,
                             remove_pis=True)  # fmt: skip
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        if "depth" in str(error):
            raise wording.too_deep() from error
        raise wording.damaged(f"het onderdeel {name} is geen geldige XML") from error
