"""Runs samples one after another: a line of JSON in (`code`, `environment`), a line of JSON out (`status`, `error`)."""

import contextlib
import io
import json
import os
import sys
import traceback
from typing import Any

for line in sys.stdin:
    wanted: dict[str, Any] = json.loads(line)
    os.environ.update(wanted["environment"])
    names: dict[str, Any] = {"__name__": "__main__"}
    error = None
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(wanted["code"], "sample.py", "exec"), names)
    except Exception:
        body = names["answer"].text if "answer" in names else ""
        error = f"{traceback.format_exc()}\n{body}"
    answer = names.get("answer")
    print(json.dumps({"status": answer.status_code if answer is not None else None, "error": error}), flush=True)
