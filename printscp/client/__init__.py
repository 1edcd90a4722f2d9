"""The other side of the wire: DICOM image files made ready for print, and the Print Management SCU."""
