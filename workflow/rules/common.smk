"""What the rules share: settings, sample sheet, and how a step is called."""

import sys
from pathlib import Path

WORKFLOW = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parent
if str(WORKFLOW) not in sys.path:
    sys.path.insert(0, str(WORKFLOW))

from truncal.errors import UserError, fault_lines
from truncal.step_files import STEP_FILES
from truncal.workflow import (
    Plan,
    shell_prefix,
    withdraw_damaged,
    write_failed,
)

try:
    PLAN = Plan.from_config(config, WORKFLOW.parent, tables=workflow.is_main_process)
except UserError as error:
    for line in fault_lines(error.faults):
        print(f"truncal: {line}", file=sys.stderr)
    sys.exit(2)

OUT = PLAN.outdir
PATIENTS = PLAN.patients
ENVIRONMENT = "../../envs/truncal.yaml"

if workflow.deployment_settings.deployment_method:
    shell.prefix(shell_prefix(WORKFLOW, "python"))
else:
    shell.prefix(shell_prefix(WORKFLOW))


wildcard_constraints:
    patient=r"[A-Za-z0-9][A-Za-z0-9._-]*",


def patient_files(step, names):
    """Paths of a step's files in a patient's folder."""
    return [f"{OUT}/{{patient}}/{step}/{name}" for name in names]


def priority_of(step):
    """Later steps first, so that one patient after the other is finished."""
    return (
        "counts",
        "clones",
        "phylogeny",
        "drivers",
        "assemble",
        "report",
        "figures",
    ).index(step)


def memory(wildcards, attempt):
    """Memory (MB) by the size of the patient's input, twice as much at each further attempt."""
    return PLAN.memory_mb(wildcards.patient) * 2 ** (attempt - 1)


def minutes(wildcards, attempt):
    """Run time (minutes) by the size of the patient's input."""
    return PLAN.minutes(wildcards.patient) * 2 ** (attempt - 1)


def report_the_rest():
    """After a failure: the cohort report of the patients that are whole, naming the others and why."""
    for sentence in withdraw_damaged(OUT, PATIENTS):
        print(f"truncal: {sentence}", file=sys.stderr)
    failed, listed = Path(OUT, "logs", "failed.tsv"), Path(OUT, "logs", "whole.txt")
    if write_failed(OUT, PATIENTS, failed, listed):
        patients = ["--patients-file", str(listed)] if listed.stat().st_size else []
        shell(
            "truncal cohort-report {patients:q} --failed {failed:q} --out {OUT:q}/cohort"
        )
