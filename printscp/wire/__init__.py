"""The DICOM network: associations and DIMSE-N services. The one room of the server that knows pynetdicom."""
