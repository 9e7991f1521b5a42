"""What the rules share: settings, sample sheet, and how a step is called."""

import os
import sys
from pathlib import Path

WORKFLOW = Path(str(workflow.current_basedir.get_path_or_uri(secret_free=True))).parent
sys.path.insert(0, str(WORKFLOW))

from truncal.errors import UserError
from truncal.workflow import Run, shell_prefix

try:
    run = Run(config, WORKFLOW.parent)
except UserError as error:
    for fault in error.faults:
        print(f"truncal: {fault}", file=sys.stderr)
    sys.exit(2)

OUT = run.outdir
PATIENTS = run.patients

if not workflow.deployment_settings.deployment_method:
    shell.prefix(shell_prefix(WORKFLOW))


wildcard_constraints:
    patient="|".join(map(re.escape, PATIENTS)),
