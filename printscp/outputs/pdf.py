"""One PDF a job: a page for each film, of its exact size, its samples lossless, its text as text.

Gray samples stand in DeviceGray, so that every reader and spooler draws them as they are; what they mean is
said by an output intent with an ICC profile, and in words by the document's Subject. The pages stand there
once, in order; NumCopies tells a viewer or spooler how often to print the document, which collates them.
"""

import re
import unicodedata
import zlib
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import md5
from itertools import groupby
from pathlib import Path
from typing import Any, Literal
from xml.sax.saxutils import escape

from pydantic import Field
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.pdfdoc import (
    PDFArray,
    PDFCatalog,
    PDFDictionary,
    PDFIndirectObject,
    PDFName,
    PDFObject,
    PDFStream,
    PDFString,
    PDFText,
    PDFTrailer,
)
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from printscp import __version__
from printscp.outputs.deflate import zlib_stream
from printscp.outputs.folder import FileDocument, FolderSettings
from printscp.outputs.output import Ticket
from printscp.render.page import ColorPage, Page, Text
from printscp.render.text import FONTS, line

_VERSION = (1, 7)  # NumCopies; 16 bits a sample since 1.5
_HEAD = b"%%PDF-%d.%d\n%%\xe2\xe3\xcf\xd3\n" % _VERSION  # bytes above 127: the file is binary
_PNG = 15  # predictor: each row says its PNG filter
# Of no standard: a reader that acts on the subtypes it knows is not to convert samples.
_INTENT = "printscp_film"


class Settings(FolderSettings):
    """PDF files."""

    bits: Literal[8, 16] = Field(8, description="Of a gray sample.")

    def begin(self, ticket: Ticket) -> "PDF":
        """Start a document.

        Raises:
            OSError: the folder cannot take it for now.
        """
        return PDF(self, ticket)


class PDF(FileDocument):
    """A PDF that grows page by page: images go to the file as they come, the small rest at the end.

    reportlab keeps all of a document in memory until it is saved, so it is given pages without their images.
    Objects may stand in a file in any order: the cross-reference table finds them (PDF 32000-1 7.5.4).
    """

    def __init__(self, settings: Settings, ticket: Ticket) -> None:
        super().__init__(settings, ticket, "pdf")
        self._settings = settings
        self._ticket = ticket
        file: Any = self._file
        font: Any = _font(FONTS[0])  # the page's own, so that there is none that is not embedded
        self._canvas: Any = Canvas(file, pageCompression=0, pdfVersion=_VERSION, initialFontName=font)
        self._meanings: list[str] = []
        self._profiles: set[bytes] = set()
        self._offsets: dict[int, int] = {}  # of each object that is in the file, by its number
        self._digest = md5(ticket.name.encode(), usedforsecurity=False)
        self._file.write(_HEAD)

    def add(self, page: Page | ColorPage) -> None:
        """Write a page's image to the file, and keep its text.

        Raises:
            OSError: the folder cannot take it for now.
        """
        self._meanings.append(self._settings.meaning(page))
        self._profiles.add(self._settings.profile(page))
        canvas = self._canvas
        width, height = page.size_points
        name = self._add_image(page)
        canvas.setPageSize((width, height))
        canvas._code.append(f"q {width:.6f} 0 0 {height:.6f} 0 0 cm /{name} Do Q")
        for text in page.texts:
            self._add_text(page, text)
        canvas.showPage()

    def _add_image(self, page: Page | ColorPage) -> str:
        """Write the image of a page; returns its name in the resources of pages."""
        canvas, document, file = self._canvas, self._canvas._doc, self._file
        gray = isinstance(page, Page)
        pixels = page.density if isinstance(page, Page) else page.srgb
        length = _Length()
        image = _Image(page.shape, gray, self._settings.bits if gray else 8, document.Reference(length))
        name = f"page{len(self._meanings)}"
        document.addForm(name, image)
        canvas._formsinuse.append(name)
        number, _ = document.idToObjectNumberAndVersion[document.Reference(image).name]
        self._offsets[number] = file.tell()
        file.write(b"%d 0 obj\n%b\nstream\n" % (number, image.format(document)))
        start = file.tell()
        part = b""
        for part in zlib_stream(self._settings.rows(page, pixels)):
            file.write(part)
        length.value = file.tell() - start
        file.write(b"\nendstream\nendobj\n")
        self._digest.update(part)  # its Adler-32
        return str(document.getXObjectName(name))

    def _add_text(self, page: Page | ColorPage, text: Text) -> None:
        canvas = self._canvas
        points = 72 / page.dots_per_inch
        if isinstance(page, Page):
            canvas.setFillGray(self._settings.fraction(page.scale, text.density))
        else:
            canvas.setFillColorRGB(*(page.scale.gray(text.density) / 255,) * 3)
        set_text = canvas.beginText(text.left * points, page.size_points[1] - text.baseline * points)
        for run in line(text.text):
            set_text.setFont(_font(run.font), text.size * points)
            set_text.textOut(run.text)
        canvas.drawText(set_text)

    def _end(self) -> None:
        """Write all but the images."""
        canvas, ticket = self._canvas, self._ticket
        document, catalog = canvas._doc, canvas._doc.Catalog
        created = ticket.created.astimezone(UTC)
        canvas.setTitle(ticket.title)
        canvas.setAuthor("")
        canvas.setCreator(f"printscp {__version__}")
        canvas.setSubject(self._subject())
        document._timeStamp = _Moment(created)
        digest = PDFText(self._digest.digest(), enc="raw").format(document)
        document._ID = b"[%b%b]" % (digest, digest)
        catalog.__NoDefault__ = [*PDFCatalog.__NoDefault__, "OutputIntents"]
        catalog.ViewerPreferences = PDFDictionary(
            {"PrintScaling": PDFName("None"), "NumCopies": ticket.copies}
        )
        catalog.Metadata = self._metadata(created)
        if len(self._profiles) == 1:  # else no single profile is that of the document
            catalog.OutputIntents = self._output_intents(*self._profiles)
        document.format = self._rest  # what reportlab writes when it saves
        canvas.save()

    def _subject(self) -> str:
        said, first = [], 1
        for meaning, alike in groupby(self._meanings):
            last = first + len(list(alike)) - 1
            said.append(
                f"Page {first}: {meaning}" if first == last else f"Pages {first} to {last}: {meaning}"
            )
            first = last + 1
        return " ".join(said) if len(said) > 1 else self._meanings[0]

    def _metadata(self, created: datetime) -> PDFStream:
        """The document information once more, as XMP (PDF 32000-1 14.3.2)."""
        title, subject = escape(self._ticket.title), escape(self._subject())
        packet = _XMP.format(title=title, subject=subject, created=f"{created:%Y-%m-%dT%H:%M:%SZ}")
        names = PDFDictionary({"Type": PDFName("Metadata"), "Subtype": PDFName("XML")})
        return PDFStream(names, packet.encode())

    def _output_intents(self, profile: bytes) -> PDFArray:
        """What the samples of all pages mean (PDF 32000-1 14.11.5)."""
        components = 1 if profile[16:20] == b"GRAY" else 3  # of its color space
        stream = PDFStream(PDFDictionary({"N": components}), zlib.compress(profile, 9))
        stream.dictionary["Filter"] = PDFName("FlateDecode")
        intent = {
            "Type": PDFName("OutputIntent"),
            "S": PDFName(_INTENT),
            "OutputConditionIdentifier": PDFString("film"),
            "Info": PDFString(self._subject()),
        }
        with_profile = {"DestOutputProfile": self._canvas._doc.Reference(stream)}
        # MuPDF with ICC converts DeviceGray by the profile of the first intent, whatever its subtype, and the
        # samples are to stay as they are: so the first has none.
        return PDFArray([PDFDictionary(intent), PDFDictionary(intent | with_profile)])

    def _rest(self) -> bytes:
        """The other objects, the cross-reference table and the trailer (PDF 32000-1 7.5.4 and 7.5.5)."""
        document = self._canvas._doc
        for name, each in document.idToObject.items():
            if name.startswith("toUnicodeCMap:"):
                each.content = _JOINED.sub(_letter, each.content)
        parts: list[bytes] = []
        end, number = self._file.tell(), 1
        while number in document.numberToId:  # to format an object may bring others
            if number not in self._offsets:
                name = document.numberToId[number]
                parts.append(PDFIndirectObject(name, document.idToObject[name]).format(document))
                self._offsets[number] = end
                end += len(parts[-1])
            number += 1
        parts.append(b"xref\n0 %d\n0000000000 65535 f \n" % number)
        parts.extend(b"%010d 00000 n \n" % self._offsets[each] for each in range(1, number))
        trailer = PDFTrailer(
            end,
            Size=number,
            Root=document.Reference(document.Catalog),
            Info=document.Reference(document.info),
            ID=document.ID(),
        )
        return b"".join([*parts, trailer.format(document)])


_XMP = """\
<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/">
<dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{subject}</rdf:li></rdf:Alt></dc:description>
<xmp:CreateDate>{created}</xmp:CreateDate>
<xmp:ModifyDate>{created}</xmp:ModifyDate>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>
"""


class _Moment:
    """What reportlab asks of the time a document is made at; in UTC."""

    dhh = dmm = 0

    def __init__(self, moment: datetime) -> None:
        self.YMDhms = moment.timetuple()[:6]


# Arabic letters as they look when they are joined, in a table from glyphs to Unicode.
_JOINED = re.compile(r"(?<=> )<(FB[5-9A-F].|F[CD]..|FE[7-F].)>")


def _letter(joined: re.Match[str]) -> str:
    """What is found and copied is the letter as it is written. A ligature stays as it is: readers turn round
    what runs to the left by the glyph, and some its letters with it."""
    written = unicodedata.normalize("NFKC", chr(int(joined[1], 16)))
    return f"<{ord(written):04X}>" if len(written) == 1 else joined[0]


@lru_cache
def _font(path: Path) -> str:
    """The name under which reportlab knows a font."""
    pdfmetrics.registerFont(TTFont(path.stem, path, asciiReadable=False))
    return path.stem


class _Image(PDFObject):
    """An image XObject, without its data."""

    __RefOnly__ = 1  # reportlab: a stream stands at the top level

    def __init__(self, shape: tuple[int, int], gray: bool, bits: int, length: Any) -> None:
        rows, columns = shape
        colors = 1 if gray else 3
        parameters = {"Predictor": _PNG, "Colors": colors, "BitsPerComponent": bits, "Columns": columns}
        self._dictionary = PDFDictionary(
            {
                "Type": PDFName("XObject"),
                "Subtype": PDFName("Image"),
                "Width": columns,
                "Height": rows,
                "ColorSpace": PDFName("DeviceGray" if gray else "DeviceRGB"),
                "BitsPerComponent": bits,
                "Filter": PDFName("FlateDecode"),
                "DecodeParms": PDFDictionary(parameters),
                "Length": length,
            }
        )

    def format(self, document: Any) -> bytes:
        """Its dictionary."""
        return bytes(self._dictionary.format(document))


class _Length(PDFObject):
    """Of a stream, known when it has been written."""

    __RefOnly__ = 1
    value = 0

    def format(self, document: Any) -> bytes:
        """The number."""
        return b"%d" % self.value
