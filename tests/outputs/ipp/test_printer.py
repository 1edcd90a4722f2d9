"""What an IPP printer says of itself, and what that means to films."""

from contextlib import suppress
from itertools import cycle
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from outputs.ipp.test_message import VALUES
from outputs.pages import TICKET, page
from peers.ipp_double import FILM_PRINTER, size

from printscp.outputs.ipp import printer as ipp_printer
from printscp.outputs.ipp.message import Attributes, Group, IppClient, Message, Range, Resolution, Tag, one
from printscp.outputs.ipp.printer import WANTED, PrinterAnswer, size_words
from printscp.outputs.output import NotReady, Progress, Refused, Uncontested
from printscp.outputs.registry import open_output


def printer(**attributes: Any) -> PrinterAnswer:
    """A film printer that says so of itself, with more or other attributes; of None, without."""
    told: Attributes = dict(FILM_PRINTER)
    for name, value in attributes.items():
        name = name.replace("_", "-")
        if value is None:
            del told[name]
        else:
            told[name] = value
    return PrinterAnswer(Message(0, groups=((Group.PRINTER, told),)))


def keywords(*values: str) -> Any:
    return one(Tag.KEYWORD, *values)


# --- its state --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "reasons", "info", "waits"),
    [
        (3, ["none"], "NORMAL", False),
        (4, ["cups-waiting-for-job-completed"], "NORMAL", False),
        (4, ["media-empty-warning"], "SUPPLY EMPTY", True),
        (4, ["media-empty-report"], "SUPPLY EMPTY", False),
        (4, ["media-low-report"], "SUPPLY LOW", False),
        (4, ["media-low-warning", "toner-low-report"], "SUPPLY LOW", False),
        (5, ["media-empty"], "SUPPLY EMPTY", True),
        (5, ["paused", "media-jam-error"], "FILM JAM", True),
        (5, ["media-low", "cover-open-error"], "COVER OPEN", True),
        (5, ["door-open"], "COVER OPEN", True),
        (5, ["media-needed-error"], "REQ MED NOT INST", True),
        (5, ["offline-report"], "PRINTER OFFLINE", True),
        (5, ["paused"], "PRINTER OFFLINE", True),
        (5, ["com.vendor-thing-error"], "PRINTER OFFLINE", True),
        (5, [], "PRINTER OFFLINE", True),
        (3, ["com.vendor-thing-error"], "NORMAL", False),
    ],
)
def test_state_and_reasons_become_terms_of_the_standard(
    state: int, reasons: list[str], info: str, waits: bool
) -> None:
    told = printer(printer_state=one(Tag.ENUM, state), printer_state_reasons=keywords(*reasons))
    condition = told.condition
    assert (condition.info, told.waits) == (info, waits)
    assert condition.status == ("NORMAL" if info == "NORMAL" else "WARNING")
    assert bool(condition.words) == (info != "NORMAL")
    assert told.stopped == (state == 5)


@pytest.mark.parametrize(
    ("message", "info"),
    [
        ("The printer is not responding.", "PRINTER OFFLINE"),
        ("The printer may not exist or is unavailable at this time.", "PRINTER OFFLINE"),
        ("The printer is unreachable at this time.", "PRINTER OFFLINE"),
        ('Unable to locate printer "imager".', "PRINTER OFFLINE"),
        ("Printing.", "NORMAL"),
        ("", "NORMAL"),
    ],
)
def test_a_queue_that_cannot_reach_its_printer_says_so_in_words_only(message: str, info: str) -> None:
    told = printer(printer_state=one(Tag.ENUM, 4), printer_state_message=one(Tag.TEXT, message))
    assert (told.condition.info, told.waits) == (info, info != "NORMAL")
    assert not printer(printer_state_message=one(Tag.TEXT, message)).waits  # of the job before


def test_every_term_is_one_of_the_standard() -> None:
    terms = {info for info, _ in ipp_printer._REASONS.values()}
    assert terms <= {
        *("FILM JAM", "COVER OPEN", "NO SUPPLY MGZ", "SUPPLY EMPTY", "REQ MED NOT INST", "RECEIVER FULL"),
        *("NO RECEIVE MGZ", "CHECK PRINTER", "CHEMICALS EMPTY", "PRINTER INIT", "PRINT BUFF FULL"),
        *("PRINTER OFFLINE", "SUPPLY LOW", "CHEMICALS LOW"),
    }


# --- its media --------------------------------------------------------------------------------------------

RANGES = {
    "x-dimension": one(Tag.RANGE, Range(12700, 45720)),
    "y-dimension": one(Tag.RANGE, Range(12700, 111760)),
}


@pytest.mark.parametrize(
    ("film", "sizes", "fit"),
    [
        ((43180, 43180), [size(43180, 43180)], (43180, 43180, False)),
        ((43180, 43180), [size(35560, 43180)], None),
        ((43180, 35560), [size(35560, 43180)], (35560, 43180, True)),
        ((43180, 35560), [RANGES, size(35560, 43180)], (35560, 43180, True)),
        ((43180, 35560), [RANGES], (43180, 35560, False)),
        ((60000, 43180), [RANGES], (43180, 60000, True)),
        ((120000, 10000), [RANGES], None),
        ((24000, 30000), [size(24040, 29960)], (24040, 29960, False)),
        ((24000, 30000), [size(24060, 30000)], None),
        ((12660, 20000), [RANGES], (12700, 20000, False)),
    ],
)
def test_a_film_fits_a_medium_to_half_a_millimetre(film: Any, sizes: list[Any], fit: Any) -> None:
    found = printer(media_size_supported=one(Tag.COLLECTION, *sizes)).fit(*film)
    assert (found and (found.width, found.height, found.turned)) == fit


def test_media_are_known_by_their_names_where_no_sizes_are_told() -> None:
    names = [
        "na_letter_8.5x11in",
        "custom_film_355.6x431.8mm",
        "custom_min_5x5in",
        "custom_max_18x44in",
        "iso-a4",
    ]
    told = printer(media_size_supported=None, media_supported=keywords(*names))
    assert [str(each) for each in told.media] == ["21.59 x 27.94 cm", "14 x 17 inch"]
    found = told.fit(35560, 43180)
    assert found is not None
    assert found.name == "custom_film_355.6x431.8mm"
    assert told.fit(43180, 43180) is None


def test_sizes_are_told_as_people_know_them() -> None:
    assert size_words(35560, 43180) == "14 x 17 inch"
    assert size_words(24000, 30000) == "24 x 30 cm"
    told = printer(media_size_supported=one(Tag.COLLECTION, RANGES))
    assert [str(each) for each in told.media] == ["5 x 5 inch to 18 x 44 inch"]


def test_a_medium_that_was_replaced_is_seen() -> None:
    fit = printer().fit(20320, 25400)
    assert fit is not None

    def replaced(*sizes: Any) -> bool:
        answer = Message(
            0, groups=((Group.JOB, {"media-col": one(Tag.COLLECTION, *sizes)} if sizes else {}),)
        )
        return fit.replaced(answer.values(Group.JOB, "media-col"))

    assert not replaced()
    assert not replaced({"media-type": keywords("film")})
    assert not replaced({"media-size": one(Tag.COLLECTION, size(20318, 25402))})
    assert replaced({"media-size": one(Tag.COLLECTION, size(21000, 29700))})


# --- attributes of jobs -----------------------------------------------------------------------------------


def test_attributes_of_jobs_are_asked_for() -> None:
    told = printer(print_scaling_supported=keywords("none"), print_quality_supported=one(Tag.ENUM, 3, 5))
    assert told.takes("copies")
    assert told.has("copies", 9)
    assert not told.has("copies", 10)
    assert not told.has("print-scaling", "none")  # not among those that jobs may have
    older = printer(
        job_creation_attributes_supported=None,
        print_scaling_supported=keywords("none"),
        print_quality_supported=one(Tag.ENUM, 3, 5),
    )
    assert older.has("print-scaling", "none")
    assert older.has("print-quality", 5)
    assert not older.takes("sides")


def test_resolutions_are_in_dots_per_inch() -> None:
    each = Resolution(600, 600), Resolution(118, 118, 4), Resolution(300, 600), Resolution(0, 0)
    told = printer(pwg_raster_document_resolution_supported=one(Tag.RESOLUTION, *each))
    assert told.dots_per_inch == [300, 600]


# --- anything ---------------------------------------------------------------------------------------------

_JOB: Attributes = {
    "job-id": one(Tag.INTEGER, 1),
    "job-state": one(Tag.ENUM, 5),
    "job-uuid": one(Tag.URI, "urn:uuid:1"),
}
_WEIRD = st.dictionaries(
    st.sampled_from([*WANTED, *_JOB, "job-state-reasons", "media-col", "copies"]),
    st.lists(VALUES, max_size=3).map(tuple),
    max_size=4,
)
_ANSWERS = st.builds(
    lambda code, weird: Message(
        code,
        groups=((Group.PRINTER, FILM_PRINTER | weird), (Group.JOB, _JOB | weird), (Group.UNSUPPORTED, weird)),
    ),
    st.sampled_from([0, 0, 0, 0, 1, 0x0400, 0x0406, 0x040B, 0x0500, 0x0507, 0xFFFF]),
    _WEIRD,
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(_ANSWERS, min_size=3, max_size=6))
def test_whatever_a_printer_says_is_no_other_error(answers: list[Message]) -> None:
    said = cycle(answers)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(IppClient, "ask", lambda *_: next(said))
        output: Any = open_output({"type": "ipp", "uri": "ipp://printer/"})
        with suppress(NotReady, Refused), output.begin(TICKET) as document:
            document.add(page(np.zeros((100, 80), np.uint16), dots_per_inch=10.0))
            document.finish(Uncontested())
        with suppress(NotReady):
            assert isinstance(output.follow("1 urn:uuid:1"), Progress)
        with suppress(NotReady):
            output.cancel("1")
