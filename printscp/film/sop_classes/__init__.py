"""One module a SOP class of PS3.4 Annex H: its attribute tables, and what each DIMSE service does.

Each class here has ``uid``, ``tables`` (attribute rows by verb) and a static method for every verb it offers:
``create``, ``set``, ``get``, ``action``, ``delete``. A verb it lacks is a service it does not offer. Rows
that are not in the table of every printer stand in ``only_with``, after the key of the profile that says so.
"""
