"""What every schedule and every tactic promises, for whoever writes one: a list of what is broken.

Installed with Steelyard, so that a package of somebody else's can hold its own to it. It needs no test framework, and
all that it asks is drawn from seeds: a broken promise is told with the seed that shows it again.
"""

from strategies.conformance.schedules import schedule_faults
from strategies.conformance.tactics import tactic_faults

__all__ = ["schedule_faults", "tactic_faults"]
