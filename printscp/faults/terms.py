"""The terms of Printer Status Info and Execution Status Info (PS3.3 C.13.8, C.13.9.1)."""

_SIZES = ("8X10", "10X12", "10X14", "11X14", "14X14", "14X17", "24X24", "24X30")
_STOCKS = ("", " BLUE", " CLR", " PAPR")
_SUPPLIES = (*(f"{size}{stock}" for size in _SIZES for stock in _STOCKS), "A4 PAPR", "A4 TRANS")

_WARNINGS = (
    *("BAD SUPPLY MGZ", "CALIBRATING", "CHECK CHEMISTRY", "CHECK SORTER", "CHEMICALS LOW", "COVER OPEN"),
    *("FINISHER EMPTY", "FINISHER ERROR", "FINISHER LOW", "NO SUPPLY MGZ", "PRINTER BUSY", "PRINT BUFF FULL"),
    *("PRINTER INIT", "PROC INIT", "PROC OVERFLOW FL", "RECEIVER FULL", "REQ MED NOT INST", "SUPPLY LOW"),
    *(f"{level} {supply}" for level in ("EMPTY", "LOW") for supply in _SUPPLIES),
)
_FAILURES = (
    *("BAD RECEIVE MGZ", "CALIBRATION ERR", "CHEMICALS EMPTY", "ELEC CONFIG ERR", "ELEC DOWN"),
    *("ELEC SW ERROR", "EXPOSURE FAILURE", "FILM JAM", "FILM TRANSP ERR", "NO RECEIVE MGZ", "NO RIBBON"),
    *("CHECK PRINTER", "CHECK PROC", "PRINTER DOWN", "PRINTER OFFLINE", "PROC DOWN", "PROC OVERFLOW HI"),
    *("REQ MED NOT AVAI", "RIBBON ERROR", "SUPPLY EMPTY", "UNKNOWN"),
)

USUAL_STATUS = {
    "NORMAL": "NORMAL",
    **dict.fromkeys(_WARNINGS, "WARNING"),
    **dict.fromkeys(_FAILURES, "FAILURE"),
}
"""Terms of Printer Status Info, and the Printer Status that they usually come with: PS3.3 binds none to them,
so this is ours."""

OF_JOBS = ("QUEUED", "INVALID PAGE DES", "INSUFFIC MEMORY")
"""Terms that only jobs have."""

TERMS = (*USUAL_STATUS, *OF_JOBS)
"""All of them."""
