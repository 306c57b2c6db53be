"""Which internet addresses may be called when somebody else named them: public ones, and nothing that leads inside.

The one place that knows: delivery to customers' URLs and addresses that vendors hand out both ask here. The lists stand
here in full, since what the standard library calls global differs between versions of Python.
Source: IANA's special-purpose address registries for IPv4 and IPv6, read 2026-11-20.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

_NOT_PUBLIC_V4: Final = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # behind a carrier's NAT; clouds keep metadata there too
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # public by its number, and Azure's inside
        "169.254.0.0/16",  # link-local: metadata of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; Oracle's metadata
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # automatic multicast tunnels
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_GLOBAL_V6: Final = IPv6Network("2000::/3")
"""All that is given out. Outside are loopback, unique local, link-local, multicast, NAT64 and mapped addresses."""
_NOT_PUBLIC_V6: Final = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address inside, whatever it is
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)


def is_public(address: str) -> bool:
    """Whether this is the number of a public host. False for what is no address, and for one with a zone."""
    try:
        return _is_public(ip_address(address))
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Whether the name or number says this machine, however `localhost` may resolve."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def may_be_public(host: str) -> bool:
    """False of addresses that are not public, of names without a dot, which only our own network resolves, and of
    numbers that some read as an address (`127.1`, `0x7f.1`). A name has yet to be resolved and asked again."""
    try:
        return _is_public(ip_address(host))
    except ValueError:
        _, dot, last = host.rstrip(".").rpartition(".")
        return bool(dot) and last[:1].isalpha()


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_V4)
    if address.scope_id is not None or address not in _GLOBAL_V6:
        return False
    return not any(address in network for network in _NOT_PUBLIC_V6)
