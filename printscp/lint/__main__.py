"""Writes docs/findings.md: ``python -m printscp.lint > docs/findings.md``."""

import sys

from printscp.lint.document import findings_document

sys.stdout.write(findings_document())
