"""What is measured, each as the production server runs it: `python -m tests.bench.peers tickmark|every_seed|bare`.

tickmark   the whole product; only the vendor's budget is raised, as the limits of the key are by the settings
every_seed the same with the four vendors of the seeds
bare       a Litestar handler that passes the request on with the same transport and gives back what it got
"""

import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from litestar import Litestar, Request, Response, get

from service.application import Application, quiet_garbage_collector
from service.connectors.quickbooks.connector import QUICKBOOKS
from service.connectors.registry import get_connector
from service.connectors.sdk.budget import BudgetSpec, Limit
from service.connectors.transport import HttpTransport
from service.server import serve
from service.settings import load

ROOMY = BudgetSpec(limits=(Limit(10**6, 1.0), Limit(10**8, 60.0)), scope="account")
UPSTREAM = "BENCH_UPSTREAM"
SEEDS = ("canopy", "taxdome", "quickbooks", "sodium")


def tickmark() -> Application:
    """The product, with a vendor that has no small budget."""
    return Application(load(), (replace(QUICKBOOKS, budget=ROOMY),))


def every_seed() -> Application:
    """The product with the four vendors of the seeds, none with a small budget."""
    return Application(load(), tuple(replace(get_connector(vendor), budget=ROOMY) for vendor in SEEDS))


def bare() -> Litestar:
    """The least that a facade can do."""
    transport = HttpTransport()
    upstream = os.environ[UPSTREAM]
    headers = {"accept": "application/json", "authorization": "Bearer bench"}

    @get("/v3/{rest:path}")
    async def pass_on(request: Request[Any, Any, Any]) -> Response[bytes]:
        scope = request.scope
        url = f"{upstream}{scope['path']}?{scope['query_string'].decode()}"
        answer = await transport.send("GET", url, headers, None, 30.0)
        return Response(answer.body, status_code=answer.status, media_type="application/json")

    @asynccontextmanager
    async def life(_: Litestar) -> AsyncGenerator[None]:
        quiet_garbage_collector()
        async with transport:
            yield

    return Litestar([pass_on], lifespan=[life], openapi_config=None, logging_config=None)


if __name__ == "__main__":
    serve(load(), f"tests.bench.peers:{sys.argv[1]}")
