"""What each class does and chooses, in words, where no table of the printer says it."""

from pydicom.uid import UID

from printscp.conformance.document import paragraphs, rows, table
from printscp.film.uids import (
    BASIC_ANNOTATION_BOX,
    BASIC_COLOR_IMAGE_BOX,
    BASIC_FILM_BOX,
    BASIC_FILM_SESSION,
    BASIC_GRAYSCALE_IMAGE_BOX,
    PRESENTATION_LUT,
    PRINT_JOB,
    PRINTER,
    PRINTER_CONFIGURATION_RETRIEVAL,
)

_IMAGE_SERVICES = """
    N-SET | M/M | Puts an image into the box, replaces the one before, or erases it by an empty sequence.
    """
SERVICES: dict[UID, str] = {
    BASIC_FILM_SESSION: """
        N-CREATE | M/M | Opens the film session of the association.
        N-SET | U/M | Changes it; films printed from then on have the new values.
        N-ACTION | U/U | Action Type 1: prints all its films as one print job, collated.
        N-DELETE | U/M | Deletes it and all film boxes; print jobs and Presentation LUTs stay.
        """,
    BASIC_FILM_BOX: """
        N-CREATE | M/M | Makes a film with its image boxes and annotation boxes; the only one that is alive.
        N-SET | U/U | Changes the film that is alive.
        N-ACTION | M/M | Action Type 1: prints the film that is alive as a print job of its own.
        N-DELETE | U/M | Deletes the film that is alive, with its boxes.
        """,
    BASIC_GRAYSCALE_IMAGE_BOX: _IMAGE_SERVICES,
    BASIC_COLOR_IMAGE_BOX: _IMAGE_SERVICES,
    BASIC_ANNOTATION_BOX: """
        N-SET | U/M | Sets the text of the box, or erases it by an empty one.
        """,
    PRESENTATION_LUT: """
        N-CREATE | M/M | Makes a look-up table that film boxes and image boxes can refer to.
        N-DELETE | U/M | Deletes it, once nothing refers to it.
        """,
    PRINT_JOB: """
        N-GET | U/M | Tells what has become of a job, on any association with the printer.
        N-EVENT-REPORT | M/M | Tells of each change, on the association that made the job.
        """,
    PRINTER: """
        N-GET | U/M | Tells the state of the printer and what it is.
        N-EVENT-REPORT | M/M | Tells of each change of its state, where the printer is set up to.
        """,
    PRINTER_CONFIGURATION_RETRIEVAL: """
        N-GET | M/M | Gives the profile of the printer in full.
        """,
}
"""Service, usage and what is done, of each class."""

GIVEN: dict[UID, dict[str, str]] = {
    PRINT_JOB: {
        "ExecutionStatus": "PENDING, PRINTING, DONE, FAILURE",
        "ExecutionStatusInfo": "see the events below",
        "PrintPriority": "that of the film session, or what an operator has made of it",
        "CreationDate": "when the N-ACTION came, local time",
        "CreationTime": "when the N-ACTION came, local time",
        "PrinterName": "AE title of the printer",
        "Originator": "AE title that called",
    },
    PRINTER: {
        "PrinterStatus": "NORMAL, WARNING, FAILURE",
        "PrinterStatusInfo": "NORMAL; else see the events below",
        "PrinterName": "AE title of the printer",
        "Manufacturer": "of the printer profile",
        "ManufacturerModelName": "of the printer profile",
        "SoftwareVersions": "version of printscp",
        "DateOfLastCalibration": "when the curve was measured through which films go, local time; no value "
        "without one",
        "TimeOfLastCalibration": "as the date; no value where the curve has only a day",
    },
}
"""What N-GET gives; an attribute of these classes that is not here has no value."""

_IMAGE_CHOICES = """
    each N-SET stands for itself | what it does not give is not in force, whatever an earlier one gave
    an attribute that the film box has, too | the image box wins; not given, that of the film box counts
    Requested Decimate/Crop Behavior is not given | that of the printer profile
    Image Box Position is not that of the box | 0x0106
    box of an earlier film | 0x0112
    length of Pixel Data | exactly rows x columns x samples, and one byte more where that makes it even; else
        0x0106
    Requested Image Size with Magnification Type NONE | tolerant: NONE wins, 0x0116; strict: 0x0106
    attributes in the answer | the values in force where something was changed or ignored; none where all was
        taken as sent
    """
CHOICES: dict[UID, str] = {
    BASIC_FILM_SESSION: """
        a second film session on the association | 0x0111; after N-DELETE a new one can be made
        several film sessions at once | on as many associations
        Number of Copies | the document has each film once, and says how many copies to print, collated
        Memory Allocation | reserved from the memory that all associations share, until N-DELETE or the end
            of the association; if there is not so much, see 0xB600, 0x0106 and 0x0213
        Referenced Presentation LUT Sequence | not of the table in PS3.4 but of a note in H.3.3.2: taken, for
            films and images that refer to none of their own
        films of different sizes, formats or Meta classes in one session | printed together; sizes not where
            the profile has one a session
        N-SET of Medium Type | the film that is open follows, with remarks: §[From pixel value to density]
        N-ACTION twice | each time a new print job
        job reference in the answer to N-ACTION | only if the Print Job class was negotiated; else there is
            no data set
        session without an image | printed empty; tolerant printers answer 0x0000, strict ones 0xB602
        """,
    BASIC_FILM_BOX: """
        forms of Image Display Format | those that the table names, without blanks or leading zeros; any
            other is 0x0106, never replaced
        film of another size in the session, where the profile has one a session | 0x0110
        Illumination and Reflected Ambient Light | of the film box, else of the film session, else of the
            medium; what the medium cannot have is ignored
        room of annotation boxes | none for an SCU that has not negotiated Basic Annotation Box, with a remark
        order of Referenced Image Box Sequence | by Image Box Position, 1 first; Referenced Basic Annotation
            Box Sequence by position, too
        Referenced Basic Annotation Box Sequence | only if Basic Annotation Box was negotiated; without items
            where the film has none
        attributes in the answer to N-CREATE and N-SET | all that are in force, also with a warning; ICC
            Profile is not sent back
        no such film session | 0x0106
        an earlier film box, or a box of it | it stays in its session to be printed with it, but nothing else
            can be done with it: 0x0112
        N-DELETE of the last film box | the one before it does not come back to life
        BLACK and WHITE as a density | Max Density and Min Density in force for the film
        Min Density not below Max Density | 0x0106; a density of 0 is clipped like any other
        N-SET to Magnification Type NONE under an image that is too large, and not to be cropped | 0x0106;
            nothing is changed
        N-SET to Magnification Type NONE under a Requested Image Size | tolerant: NONE wins, 0x0116; strict:
            0x0106
        ICC Profile on a gray film | tolerant: ignored; strict: ignored, 0x0107
        N-ACTION twice | each time a new print job; what was changed between them is printed
        job reference in the answer to N-ACTION | only if the Print Job class was negotiated; else there is
            no data set
        film without an image | printed empty; tolerant printers answer 0x0000, strict ones 0xB603
        queue full, 0xC602, and 0xC601 at the film session | the film box stays as it is, so that the N-ACTION
            can be sent again; what was accepted before is printed
        """,
    BASIC_GRAYSCALE_IMAGE_BOX: f"""{_IMAGE_CHOICES}
    Bits Allocated, Bits Stored, High Bit | those that the table names; tolerant printers take 8/8/7 and
        16/n/n-1 with n from 9 to 16
    a Presentation LUT with another number of entries than the image has values | tolerant: stretched over
        the range of the image, straight between entries, unless the profile says that it must match; strict:
        0x0106
    """,
    BASIC_COLOR_IMAGE_BOX: f"""{_IMAGE_CHOICES}
    Planar Configuration | 1; tolerant printers take 0, too
    Polarity REVERSE | each color component is inverted
    """,
    BASIC_ANNOTATION_BOX: """
        Annotation Position is not that of the box | 0x0106
        character set | that of the request, else that of the film session
        """,
    PRESENTATION_LUT: """
        life | until N-DELETE or the end of the association, longer than any film session
        N-DELETE while something refers to it | 0x0110, also for an earlier film of the session
        reference to one that is not there | 0x0106 in both modes: the densities would be wrong
        tables | an entry for each value of a depth that the printer takes, so 256 or 4096 as a rule, of 10
            to 16 bits, first value 0; tolerant printers take 2 to 65536 entries of 8 to 16 bits
        which one acts | that of the image box, else of the film box, else of the film session
        none referred to | the Configuration Information in force says what the printer does of itself
        LIN OD | by polarity or by density, as the profile has it: §[From pixel value to density]
        on color images | none acts
        """,
    PRINT_JOB: """
        life of a job | until its SCU has confirmed the Done or Failure event; without that it stays, and can
            be asked for as long as its record is kept
        job after release or abort | is printed all the same
        order of jobs | by Print Priority, then by age
        back from PRINTING to PENDING | happens, and is reported, when films cannot be delivered for now
        films that go to several outputs | PRINTING while they are on their way to one; DONE when all have
            them; FAILURE, once nothing more can be done, if one will never have them
        an operator holds a job | it stays PENDING until it is released
        an operator cancels a job | FAILURE, unless a printer has printed it before it could be dropped
        an operator prints a job again | a print job of its own, of which no SCU hears
        """,
    PRINTER: """
        context | its own, or that of a Meta SOP Class: both are served
        N-GET of an attribute without a value | tolerant: given empty; strict: left out, 0x0107
        """,
    PRINTER_CONFIGURATION_RETRIEVAL: """
        Printer Configuration Sequence | one item for each Meta SOP Class of the printer
        Supported Image Display Formats Sequence | formats on every film size in both orientations and every
            resolution, with the pixels of a box where all are equal; of STANDARD up to 12 columns and rows,
            none of ROW and COL, and 8000 items at most, the default resolution first
        Maximum Memory Allocation | the memory that all associations share
        Media Installed Sequence | every medium in every film size, with its densities; none are merely
            available
        """,
}
"""Where the standard is silent or leaves the choice: the case, and what is done."""

_JOB_EVENTS = """
    1 Pending | the job was taken | QUEUED
    1 Pending | it waits again, since films cannot be delivered for now | CHECK PRINTER
    1 Pending | it waits again, since its worker broke down | QUEUED
    1 Pending | the printer that its films go to has to be seen to, or is busy | what that printer says, in a
        term of PS3.3 C.13.9.1 such as SUPPLY EMPTY
    2 Printing | it is being printed | NORMAL
    3 Done | all its films are delivered, and printed where a printer tells that | NORMAL
    4 Failure | a film cannot be rendered | INVALID PAGE DES
    4 Failure | a film was damaged on disk, or broke its worker again and again | ELEC SW ERROR
    4 Failure | an operator has cancelled it | UNKNOWN
    4 Failure | the printer that its films go to will never print them | a term that tells why, such as
        REQ MED NOT AVAI
    """
_PRINTER_EVENTS = """
    1 Normal | films are delivered again | none
    2 Warning | the queue is full: no more films are taken for now | as Failure; PRINT BUFF FULL
    2 Warning | a printer that films go to has to be seen to, or is busy | as Failure; its term
    2 Warning | the operator has set that state | as Failure
    3 Failure | films cannot be delivered, and no term says why | as below; CHECK PRINTER
    3 Failure | the job table cannot be used: no film is taken, and none delivered | as below; ELEC SW ERROR
    3 Failure | a printer that films go to has failed, or the operator has set that state | Printer Status
        Info, a term of PS3.3 C.13.9.1; Printer Name; Film Destination where a session is open
    """
EVENTS: dict[UID, str] = {
    PRINT_JOB: paragraphs(
        "**Events**",
        table(("Event Type", "Sent when", "Execution Status Info"), rows(_JOB_EVENTS)),
        """
        Each event has Execution Status Info and Printer Name, and Film Session Label where the session has
        one. Events go only to the association that made the job, if it negotiated Print Job and the printer
        is set up to send them (`job_events`), and never before the answer to its N-ACTION.
        """,
    ),
    PRINTER: paragraphs(
        "**Events**",
        table(("Event Type", "Sent when", "Information"), rows(_PRINTER_EVENTS)),
        """
        These go to all SCUs that negotiated Printer or a Meta SOP Class, but only from a printer that is set
        up to send them (`printer_events`): some SCUs abort on one.
        """,
    ),
}
