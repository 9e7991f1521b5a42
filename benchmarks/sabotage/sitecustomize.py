"""Does harm to one step of a run, for `benchmarks/faults.py`: Python imports this module at its start.

`TRUNCAL_SABOTAGE` is JSON: `step`, `patient`, `fault` and its options. Nothing happens in other processes.
"""

import json
import os
import sys
from pathlib import Path


def _arm(plan):
    import resource
    import signal
    import time

    fault = plan["fault"]
    if fault == "fill":  # the disk is full from the step's first write on
        with Path(plan["ballast"]).open("ab", buffering=0) as ballast:
            for block in (1 << 20, 1 << 12, 1):
                try:
                    while True:
                        ballast.write(b"\0" * block)
                except OSError:
                    pass
    elif fault == "memory":
        resource.setrlimit(resource.RLIMIT_AS, (plan["bytes"], plan["bytes"]))
    elif fault == "unreadable":
        Path(plan["file"]).rename(plan["file"] + ".away")
    elif fault == "hold":
        Path(plan["ballast"]).touch()
        time.sleep(plan["seconds"])
    elif fault in ("kill", "lost"):  # just before this file (counted from 0) takes its place
        replace, left = os.replace, [plan["files"]]

        def replace_or_die(source, target, **options):
            if left[0] == 0:
                (os.kill if fault == "kill" else os.killpg)(
                    os.getpid() if fault == "kill" else os.getpgid(0), signal.SIGKILL
                )
            left[0] -= 1
            replace(source, target, **options)

        os.replace = replace_or_die


def _main():
    text = os.environ.get("TRUNCAL_SABOTAGE")
    argv = sys.orig_argv
    if not text or "truncal" not in argv:
        return
    plan = json.loads(text)
    rest = argv[argv.index("truncal") + 1 :]
    command = "cohort-report" if plan["step"] == "cohort" else plan["step"]
    of_patient = any(plan["patient"] in argument.split("/") for argument in rest)
    if rest[:1] == [command] and (of_patient or plan["step"] == "cohort"):
        _arm(plan)


_main()
