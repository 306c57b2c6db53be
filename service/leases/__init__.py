"""Rate limits over all processes: tokens leased in blocks from Redis and spent here.

A `Bucket` is one key's tokens in this process. `take` spends one that is in hand, in well under a microsecond;
`acquire` leases more, one round trip for everybody who waits.

**What is promised.** In no window of `window_s` do all processes together spend more than `count` tokens. A lease may
be spent until it expires, so Redis keeps it in the window from the moment it is given until its expiry plus `window_s`.
The next lease settles the one before: what was not spent goes back, and what was spent leaves the window counted from
its last use. The price is paid in throughput, never in overshoot: a limit under contention yields a little less.

**Size.** A bucket starts with single tokens (or a sixteenth of what `LEASE_S` of the limit is worth), doubles while its
leases are used up, and shrinks when they expire. A limit below 40 a second is therefore always leased one by one.

**Redis away.** Each process then counts by itself for `RETRY_S` at a time, within the limit divided by `outage_share`:
the number of processes where the limit is a vendor's (still nothing over it), 1 where it is ours (calls go on, and a
limit may be exceeded by as many times as there are processes). The window in which Redis goes or comes back may see
both counts, and a Redis that lost its memory begins at zero.
"""

from service.leases.bucket import LEASE_S, Bucket, NoTokensError
from service.leases.leases import Leases

__all__ = ["LEASE_S", "Bucket", "Leases", "NoTokensError"]
