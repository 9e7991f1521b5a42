"""Many patients on one page and in two tables; a patient whose run failed is named with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from truncal.errors import UserError
from truncal.report.cbioportal import Study
from truncal.report.cohort_page import cohort_html
from truncal.report.columns import TABLES
from truncal.report.members import SUMMARY, Member, members
from truncal.report.multiqc import write_multiqc
from truncal.tables import atomic, write_rows


def write_tables(found: Sequence[Member], out: Path) -> None:
    """Write `drivers.tsv` and `summary.tsv`."""
    write_rows(out / "summary.tsv", SUMMARY, [member.summary for member in found])
    columns = list(TABLES["drivers"])
    for member in found:
        for driver in member.drivers:
            columns += [name for name in driver.row if name not in columns]
    rows = ({"patient": m.patient_id, **d.row} for m in found for d in m.drivers)
    write_rows(out / "drivers.tsv", ["patient", *columns], rows)


def run_cohort(
    folders: Sequence[Path], failed: Mapping[str, str], out: Path, *, study: Mapping[str, Any] | None = None
) -> list[Member]:
    """Write the cohort's page, tables and MultiQC sections, and a study for cBioPortal where it has settings.

    Raises
    ------
    UserError
        no patient was named.

    """
    if not folders and not failed:
        raise UserError("no patient: give --patients, --patients-file or --failed")
    out.mkdir(parents=True, exist_ok=True)
    if study is not None:
        with Study(out / "cbioportal", study) as portal:
            found = list(members(folders, failed, out, portal.add))
    else:
        found = list(members(folders, failed, out))
    write_tables(found, out)
    write_multiqc(found, out / "multiqc")
    with atomic(out / "report.html") as handle:
        handle.write(cohort_html(found))
    return found
