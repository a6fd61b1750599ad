"""The demonstration: an invented county with ninety days of history, in a service that is real.

`town` holds the county and its people, `matters` what they tell, `replies` what the departments
answer, `courses` what becomes of each, `history` lives the ninety days, `run` serves it all.
"""

from api.demo.matters import load_samples
from api.demo.run import run_demo

__all__ = ["load_samples", "run_demo"]
