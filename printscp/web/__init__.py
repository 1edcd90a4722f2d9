"""The light box: a page, and an API, where people see films and steer printers.

It is a process of its own beside the printers', which starts it (`printscp.lightbox`). It knows the house
through `printscp.desk` alone.
"""
