"""What can be wrong with one attribute, and with texts."""

from printscp.lint.kinds.kind import OURS, error, note, warning

ATTRIBUTES = (
    error(
        "missing-attribute",
        "A mandatory attribute is not there",
        "PS3.4 H.2.4",
        "Refused with 0x0120.",
        "Send it with every request of this service.",
    ),
    error(
        "empty-attribute",
        "A mandatory attribute has no value",
        "PS3.4 H.2.4",
        "Refused with 0x0121.",
        "Give it a value.",
    ),
    warning(
        "unexpected-attribute",
        "An attribute that the service does not have",
        "PS3.4 H.2.4",
        "Ignored by tolerant printers; refused with 0x0105 by those that go by the letter.",
        "Leave it out.",
    ),
    error(
        "not-settable",
        "An attribute that can only be given when the film box is created",
        "PS3.4 H.4.2.2.2",
        "The film stays as it was created; refused with 0x0105 or ignored with 0x0107.",
        "Give it in the N-CREATE; for another value N-DELETE the film box and create a new one.",
    ),
    warning(
        "patient-attribute",
        "A patient attribute beside the print attributes",
        "PS3.4 H.2.4",
        "No print service has one: it is not printed, and may end up in logs.",
        "Leave patient attributes out; what is to be on the film goes into the pixels or an annotation box.",
    ),
    warning(
        "retired-attribute",
        "A retired attribute",
        "PS3.6 6",
        "Ignored, or refused with 0x0105.",
        "Leave it out.",
    ),
    warning(
        "wrong-vr",
        "Another value representation than the data dictionary has",
        "PS3.6 6",
        "A printer that reads by the data dictionary takes the bytes for something else.",
        "Encode it with the VR of the data dictionary.",
    ),
    error(
        "wrong-vm",
        "Another number of values than the data dictionary has",
        "PS3.6 6",
        "Refused with 0x0106, or only the first value is read.",
        "Send as many values as the attribute has.",
    ),
    error(
        "undecodable",
        "The data set cannot be decoded",
        "PS3.5 7",
        "Refused with 0x0110, or the association is aborted.",
        "Encode it in the transfer syntax that was accepted for its presentation context, lengths and all.",
    ),
    error(
        "not-a-term",
        "A value that is none of the terms",
        "PS3.3 C.13",
        "Refused with 0x0106, or the imager's default is used with 0x0116: another film than was asked for.",
        "Send one of the terms, in upper case.",
    ),
    warning(
        "not-offered",
        "A value or an attribute that this printer does not have",
        "PS3.4 H.2.4",
        "Refused with 0x0106, replaced with 0x0116 or ignored with 0x0107: see its conformance statement.",
        "Ask for what the printer's conformance statement or its Printer Configuration offers, "
        "and make it a setting.",
    ),
    note(
        "private-term",
        "A value that this printer takes, and the standard does not know",
        "PS3.3 C.13",
        "Other imagers refuse it with 0x0106 or use their default.",
        "Make it a setting of the printer.",
    ),
    error(
        "value-out-of-range",
        "A value that cannot be",
        "PS3.3 C.13",
        "Refused with 0x0106.",
        "Send a value that the attribute may have.",
    ),
    note(
        "get-unknown-attribute",
        "N-GET asks for an attribute that the class does not have",
        "PS3.7 10.1.2",
        "Left out of the answer with 0x0107; DCMTK's server fails the request with 0x0105.",
        "Ask for attributes of the class only, and go on without those that do not come.",
    ),
)

TEXT = (
    warning(
        "text-too-long",
        "A text longer than its value representation lets it be",
        "PS3.5 6.2",
        "Cut off, or refused with 0x0106.",
        "Shorten it: LO has 64 characters, SH 16.",
    ),
    warning(
        "character-set-missing",
        "Characters beyond ASCII without a Specific Character Set",
        "PS3.3 C.12.1.1.2",
        "Printed as other characters, or as question marks.",
        "Send Specific Character Set (0008,0005) with the film session, and encode the text in it.",
    ),
    warning(
        "character-set-unknown",
        "A Specific Character Set that is no defined term",
        "PS3.3 C.12.1.1.2",
        "Refused with 0x0106, or the text is read as ASCII.",
        "Use a defined term, such as ISO_IR 100 or ISO_IR 192.",
    ),
    warning(
        "text-not-in-character-set",
        "A text that cannot be decoded in its Specific Character Set",
        "PS3.3 C.12.1.1.2",
        "Some characters are lost.",
        "Encode the text in the character set that is named, or name the one it is encoded in.",
    ),
    warning(
        "patient-data-in-label",
        "A patient's data in Film Session Label or Owner ID",
        OURS,
        "The label stands in lists of jobs and in every event of the job (PS3.4 H.4.5.2.1).",
        "Label the session with something that means nothing to others, such as a number of the study list.",
    ),
    note(
        "patient-data-in-annotation",
        "A patient's data in an annotation box",
        OURS,
        "Printed on the film, as it should be where that is meant.",
        "Nothing, if the text is meant to name the patient.",
    ),
)
