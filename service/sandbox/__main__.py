"""`python -m service.sandbox canopy --clients 200 --seed 7 --port 0`: one sandbox vendor as a server."""

import argparse

from service.sandbox.books import MAX_CLIENTS
from service.sandbox.serve import DEFAULT_CLIENTS, DEFAULT_SEED, VENDORS, serve


def main() -> None:
    """Reads the command line and serves."""
    parser = argparse.ArgumentParser(
        prog="python -m service.sandbox", description="One sandbox vendor as an HTTP server."
    )
    parser.add_argument("vendor", choices=sorted(VENDORS))
    parser.add_argument(
        "--clients", type=int, default=DEFAULT_CLIENTS, help=f"1 to {MAX_CLIENTS} (default %(default)s)"
    )
    parser.add_argument(
        "--seed", type=int, default=DEFAULT_SEED, help="another seed is another firm (default %(default)s)"
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (default %(default)s)")
    parser.add_argument("--until-stdin-closes", action="store_true", help="stop when standard input ends")
    wished = parser.parse_args()
    if not 1 <= wished.clients <= MAX_CLIENTS:
        parser.error(f"--clients must lie between 1 and {MAX_CLIENTS}")
    try:
        serve(wished.vendor, wished.clients, wished.seed, wished.port, wished.until_stdin_closes)
    except OSError as error:
        parser.exit(2, f"{parser.prog}: cannot listen on port {wished.port}: {error.strerror}\n")


if __name__ == "__main__":
    main()
