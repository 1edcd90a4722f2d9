"""What a film asks for and does not get from the renderer."""

from printscp.film.sheet import Order, Sheet
from printscp.render.color import usable
from printscp.render.text import REPLACEMENT, line


def not_rendered(sheet: Sheet, order: Order) -> tuple[str, ...]:
    """A remark for each thing asked for that `compose` does not do.

    Attributes are named by their keywords; texts, which may name a patient, are not quoted.
    """
    no_strip = not sheet.label.height
    rows = {
        "FilmSessionLabel is not printed: the printer has no strip for it": order.label and no_strip,
        "FilmSessionLabel has characters that no font has": _lacks_glyphs(order.label) and not no_strip,
        "TextString has characters that no font has": any(
            _lacks_glyphs(each.text) for each in sheet.annotations
        ),
        "ICCProfile cannot be used: colors are taken as sRGB": sheet.icc_profile
        and not usable(sheet.icc_profile),
    }
    return tuple(remark for remark, asked in rows.items() if asked)


def _lacks_glyphs(text: str) -> bool:
    return any(REPLACEMENT in run.text for run in line(text))
