"""A desk that answers with the question's own name, dies at `die`, and says nothing for ever at `wait`."""

from __future__ import annotations

import json
import os
import sys
import time

for line in sys.stdin:
    message = json.loads(line)
    what = message.get("what")
    if what == "die":
        os.abort()
    while what == "wait":
        time.sleep(1.0)
    if what is not None:
        print(json.dumps({"number": message["number"], "answer": what}), flush=True)
