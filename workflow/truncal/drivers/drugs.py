"""Drugs and the classes they belong to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from truncal.paths import resource
from truncal.tables import read_table

_QUALIFIER = re.compile(r"\s*\(([^)]*)\)")
WITHOUT_T790M = "T790M"
"""A qualifier that names T790M holds where the clone has none."""


class Drugs:
    """Drug name (lower case) -> classes, each with the genes that the class is aimed at."""

    def __init__(self, classes: Mapping[str, list[tuple[str, frozenset[str]]]]) -> None:
        self._classes = classes
        self._targets = {name: targets for listed in classes.values() for name, targets in listed}

    def classes(self, drug: str, gene: str) -> list[str]:
        """Classes of a drug as a statement about `gene` means them.

        Crizotinib is a MET, an ALK and a ROS1 inhibitor: said of ALK it means the ALK inhibitor; said of a
        gene that is no target (KRAS), all three.
        """
        found = self._classes.get(drug.lower()) or self._classes.get(plain_drug(drug).lower()) or []
        aimed = [name for name, targets in found if gene in targets]
        return aimed or [name for name, _ in found]

    def same_target(self, name: str) -> list[str]:
        """All single-agent classes with the targets of a class, itself included."""
        own = self._targets.get(name)
        if not own:
            return [name]
        return [other for other, targets in self._targets.items() if targets == own and " + " not in other]

    def backbone(self, name: str) -> frozenset[str]:
        """Genes that the first partner of a combination is aimed at; none for a single class."""
        return self._targets.get(name, frozenset()) if " + " in name else frozenset()

    def partners(self, name: str, genes: set[str]) -> frozenset[str]:
        """Genes that a combination, or a class of several targets one of which is in `genes`, reaches as
        well."""
        targets = self._targets.get(name, frozenset())
        return targets if " + " in name else targets - genes if targets & genes else frozenset()

    def single_target(self, name: str, gene: str) -> bool:
        """Whether a class is no combination and is aimed at the gene."""
        return " + " not in name and gene in self._targets.get(name, frozenset())

    def is_target(self, drug: str, gene: str) -> bool:
        """Whether the drug is aimed at the gene."""
        found = self._classes.get(drug.lower()) or self._classes.get(plain_drug(drug).lower()) or []
        return any(gene in targets for _, targets in found)


def plain_drug(drug: str) -> str:
    """The name without what stands in parentheses."""
    return _QUALIFIER.sub("", drug).strip()


def qualifier(drug: str) -> str | None:
    """What stands in parentheses: a condition or a limit of the statement."""
    found = _QUALIFIER.search(drug)
    return found[1] if found else None


@lru_cache(maxsize=1)
def load_drugs() -> Drugs:
    """The shipped classes."""
    table = read_table(resource("drugs.tsv"), ("drug", "drug_class", "targets"), what="drug classes")
    out: dict[str, list[tuple[str, frozenset[str]]]] = {}
    for row in table.rows():
        targets = frozenset(row["targets"].split(";")) if row["targets"] else frozenset()
        out.setdefault(str(row["drug"]).lower(), []).append((str(row["drug_class"]), targets))
    return Drugs(out)
