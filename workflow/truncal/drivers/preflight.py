"""What can be said of the tables that the settings name before any patient is worked on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


def check_tables(settings: Mapping[str, Any], *, missing_ok: bool = False) -> None:
    """Read what the settings name: tables of treatments, fusions and drivers, and the regions to leave out.

    With `missing_ok` files that are not there are passed over, for a caller that has said so already.

    Raises
    ------
    UserError
        with the faults of all tables at once; what shows only beside a patient's samples is left to the steps

    """
    from truncal.drivers.civic import read_civic
    from truncal.drivers.fusions import check_fusions
    from truncal.drivers.oncokb import read_oncokb
    from truncal.drivers.statements import load_statements
    from truncal.drivers.timing import read_treatments
    from truncal.errors import Faults, UserError
    from truncal.reads.filters import read_bed
    from truncal.sheet.samples import is_file

    options = settings["drivers"]
    extend = [options["extend"]] if options["extend"] else []
    own = [options["table"], *extend]
    readers: list[tuple[list[str | None], Callable[[], object]]] = [
        ([settings["treatments"]], lambda: read_treatments(Path(settings["treatments"]), None)),
        ([settings["fusions"]], lambda: check_fusions(Path(settings["fusions"]))),
        ([settings["reads"]["blacklist"]], lambda: read_bed(settings["reads"]["blacklist"])),
        ([options["civic"]], lambda: read_civic(options["civic"])),
        ([options["oncokb"]], lambda: read_oncokb(options["oncokb"], load_statements())),
        (own, lambda: load_statements(options["table"], extend)),
    ]
    faults = Faults()
    for files, read in readers:
        given = [Path(file) for file in files if file]
        if given and not (missing_ok and not all(is_file(file) for file in given)):
            try:
                read()
            except UserError as error:
                faults.extend(error)
    faults.raise_if_any()
