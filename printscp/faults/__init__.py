"""Faults that a printer makes on purpose, so that SCUs can be tested against them.

`Fault` is the one list of them. A `FaultRule` has one happen at a step of the dialogue, for some SCUs and
some printers, so and so often; a `FaultScript` counts.
"""

from printscp.faults.fault import Fault
from printscp.faults.rule import FaultRule
from printscp.faults.script import FaultScript

__all__ = ["Fault", "FaultRule", "FaultScript"]
