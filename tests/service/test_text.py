"""Text in the character sets of the field arrives as it was written (PS3.5 6.1, PS3.3 C.12.1.1.2)."""

import numpy as np
import pytest
from peers.raw import RawScu
from peers.scu import EVERYTHING, META, Scu, attributes, image_item
from pynetdicom.sop_class import BasicAnnotationBox, PrintJob
from service.films import Films, print_film

WITHOUT_JOBS = tuple(context for context in EVERYTHING if context != PrintJob)

# As Python's own codecs have them, so that pydicom is not its own judge. Some have bytes 5C that are no
# backslash.
TEXTS = {
    "Chinese": ("GB18030", "膝关节 乗", "膝关节 乗".encode("gb18030")),
    "Japanese": (["", "ISO 2022 IR 87"], "knee 宮本", "knee 宮本".encode("iso2022_jp")),
    "Korean": (["", "ISO 2022 IR 149"], "무릎", b"\x1b$)C" + "무릎".encode("euc_kr")),
    "Cyrillic": ("ISO_IR 144", "Левое колено", "Левое колено".encode("iso8859_5")),
    "Greek": ("ISO_IR 126", "Αριστερό γόνατο", "Αριστερό γόνατο".encode("iso8859_7")),
    "Arabic": ("ISO_IR 127", "الركبة اليسرى", "الركبة اليسرى".encode("iso8859_6")),
    "Unicode": ("ISO_IR 192", "Knie, 膝, колено, ركبة", "Knie, 膝, колено, ركبة".encode()),
}


@pytest.mark.parametrize(("character_set", "text", "encoded"), TEXTS.values(), ids=TEXTS)
def test_labels_and_annotations(
    films: Films, character_set: str | list[str], text: str, encoded: bytes
) -> None:
    with Scu(films.printer.address, contexts=WITHOUT_JOBS) as scu:
        status, session = scu.create_session(SpecificCharacterSet=character_set, FilmSessionLabel=text)
        assert status.Status == 0
        assert session is not None
        assert session.FilmSessionLabel == text
        status, film = scu.create_film(FilmSizeID="8INX10IN", AnnotationDisplayFormatID="COMBINED")
        assert status.Status == 0
        assert film is not None
        whole, below = (each.ReferencedSOPInstanceUID for each in film.ReferencedBasicAnnotationBoxSequence)
        own = attributes(SpecificCharacterSet="ISO_IR 192", AnnotationPosition=1, TextString="foot 足")
        # Latin-1 makes each byte what it is: text with no word of its character set, which is the session's.
        silent = attributes(AnnotationPosition=0, TextString=encoded.decode("latin_1"))
        for box, dataset in ((whole, silent), (below, own)):
            assert scu.set(box, dataset, BasicAnnotationBox)[0].Status == 0
        assert scu.set_image(1, image_item(np.zeros((8, 8), np.uint8)))[0].Status == 0
        assert scu.print_film().Status == 0
    job = films.job()
    assert (job.order.label, job.order.remarks) == (text, ())
    annotations = films.sheet.annotations
    assert [(each.position, each.text) for each in annotations] == [(0, text), (1, "foot 足")]


@pytest.mark.parametrize(("character_set", "text", "_"), TEXTS.values(), ids=TEXTS)
def test_the_label_in_an_event(films: Films, character_set: str | list[str], text: str, _: bytes) -> None:
    with RawScu(films.printer.address, (META, PrintJob)) as scu:
        print_film(scu, {"SpecificCharacterSet": character_set, "FilmSessionLabel": text})
        assert scu.wait_for_event().dataset.FilmSessionLabel == text
