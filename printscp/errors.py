"""Every way a request or a start-up can fail, and the code each one has on the wire.

::

    PrintError                      0x0110  processing failure
    ├── NoSuchAttribute             0x0105
    ├── InvalidAttributeValue       0x0106
    ├── DuplicateSOPInstance        0x0111
    ├── NoSuchSOPInstance           0x0112
    ├── NoSuchArgument              0x0114
    ├── InvalidSOPInstance          0x0117
    ├── NoSuchSOPClass              0x0118
    ├── ClassInstanceConflict       0x0119
    ├── MissingAttribute            0x0120
    ├── MissingAttributeValue       0x0121
    ├── NoSuchAction                0x0123
    ├── UnrecognizedOperation       0x0211
    ├── MistypedArgument            0x0212
    ├── ResourceLimitation          0x0213
    │   └── QueueFull               0x0213, in an N-ACTION one of the next two
    ├── NoFilmBox                   0xC600
    ├── FilmSessionQueueFull        0xC601
    ├── FilmBoxQueueFull            0xC602
    ├── ImageTooLarge               0xC603
    ├── OutOfMemory                 0xC605
    └── FilmBoxNotPrinted           0xC616

    SetupError                      not on the wire: one line for the operator
    ├── NoSuchJob
    ├── NotPossible
    ├── Withheld
    └── Away
"""


class PrintError(Exception):
    """A request that is refused.

    ``comment`` says what to do about it and becomes the Error Comment (0000,0902), of which an SCU sees 64
    characters (VR LO); ``offending`` holds the keywords of the attributes at fault (PS3.7 Annex C).
    """

    status = 0x0110

    def __init__(self, comment: str, *offending: str) -> None:
        super().__init__(comment)
        self.comment = comment
        self.offending = offending


class NoSuchAttribute(PrintError):
    """An attribute that the SOP class does not let an SCU give."""

    status = 0x0105


class InvalidAttributeValue(PrintError):
    """A value that is illegal, or that this printer does not have."""

    status = 0x0106


class DuplicateSOPInstance(PrintError):
    """The instance UID is in use, or the association has its film session already."""

    status = 0x0111


class NoSuchSOPInstance(PrintError):
    """The instance is not known on this association, or is no longer alive."""

    status = 0x0112


class NoSuchArgument(PrintError):
    """Action information, where the action has none."""

    status = 0x0114


class InvalidSOPInstance(PrintError):
    """The instance UID breaks the rules for UIDs (PS3.5 9.1)."""

    status = 0x0117


class NoSuchSOPClass(PrintError):
    """The class is unknown here, or not covered by the presentation context in use."""

    status = 0x0118


class ClassInstanceConflict(PrintError):
    """The instance exists, but is of another class."""

    status = 0x0119


class MissingAttribute(PrintError):
    """A mandatory attribute is absent."""

    status = 0x0120


class MissingAttributeValue(PrintError):
    """A mandatory attribute is there, but empty."""

    status = 0x0121


class NoSuchAction(PrintError):
    """The Action Type ID is not 1 (Print)."""

    status = 0x0123


class UnrecognizedOperation(PrintError):
    """The SOP class does not have this DIMSE service here."""

    status = 0x0211


class MistypedArgument(PrintError):
    """The command lacks an element that its service must have (PS3.7 C.5)."""

    status = 0x0212


class ResourceLimitation(PrintError):
    """Disk, memory or job table short for now; worth a retry."""

    status = 0x0213


class QueueFull(ResourceLimitation):
    """No more print jobs, or no more films on disk, for now; what is there stays and is printed.

    A spool raises it, and need not know for which request.
    """


class NoFilmBox(PrintError):
    """Print of a film session that has no film box (PS3.4 H.4.1.2.4)."""

    status = 0xC600


class FilmSessionQueueFull(PrintError):
    """Print of a film session while the queue is full (PS3.4 H.4.1.2.4)."""

    status = 0xC601


class FilmBoxQueueFull(PrintError):
    """Print of a film box while the queue is full (PS3.4 H.4.2.2.4)."""

    status = 0xC602


class ImageTooLarge(PrintError):
    """An image larger than its box that is neither to be shrunk nor cropped (PS3.4 H.4.3.1.2)."""

    status = 0xC603


class OutOfMemory(PrintError):
    """Not enough memory to store the image (PS3.4 H.4.3.1.2)."""

    status = 0xC605


class FilmBoxNotPrinted(PrintError):
    """A second film box while the first is unprinted, without film session printing (PS3.4 H.4.2.2.1)."""

    status = 0xC616


class SetupError(Exception):
    """The printer cannot start, or a command cannot do its work: the message tells the operator why."""


class ClaimLost(Exception):
    """A job is no longer the holder's: nothing of it may go out, and nothing is recorded."""


class NoSuchJob(SetupError):
    """The queue has no job of that number."""


class NotPossible(SetupError):
    """The job is not, or no longer, in a state for what is asked."""


class Withheld(SetupError):
    """It may name a patient, and is not shown to whoever asks."""


class Away(SetupError):
    """The job table or the films cannot be reached for now; worth a retry."""
