"""What callers would rather have (`Prefer`, RFC 7240). A preference that cannot be read is none."""

import re
from typing import Final

from service.api.call import Call

DEFAULT_WAIT_S: Final = 5.0
LONGEST_WAIT_S: Final = 20.0
_WAIT: Final = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?(\d{1,6})\"?\s*(?=[,;]|$)", re.IGNORECASE)


def vendor_wait_s(call: Call) -> float:
    """How long a call waits at most for room under the vendor's limits: `wait=0` fails at once, else up to 20 s."""
    found = _WAIT.search(call.listed(b"prefer"))
    return DEFAULT_WAIT_S if found is None else min(float(found[1]), LONGEST_WAIT_S)
