"""Driver genes of lung cancer beyond the resistance table (IntOGen), labelled without a resistance claim."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from truncal.paths import resource
from truncal.tables import read_table

CHANGES_PROTEIN = frozenset({"missense", "inframe", "truncating", "splice"})


@dataclass(frozen=True)
class DriverGene:
    """A gene, the way it drives (`activating`, `loss_of_function`, `ambiguous`) and where that was found."""

    gene: str
    role: str
    cancer_types: str
    source: str

    def wants(self, effect: str | None) -> bool:
        """Whether a mutation with this effect may act as the gene's drivers do."""
        if self.role == "activating":
            return effect in ("missense", "inframe")
        return effect in CHANGES_PROTEIN

    @property
    def evidence(self) -> str:
        """One phrase for the evidence column."""
        kinds = self.cancer_types.replace(";", " ")
        return (
            f"{self.source} driver gene ({kinds}, {self.role.replace('_', ' ')}), this variant not assessed"
        )


@lru_cache(maxsize=1)
def load_driver_genes() -> dict[str, DriverGene]:
    """The shipped list by gene."""
    table = read_table(
        resource("driver_genes.tsv"), ("gene", "role", "cancer_types", "source"), what="driver genes"
    )
    return {
        str(row["gene"]): DriverGene(
            str(row["gene"]), str(row["role"]), str(row["cancer_types"]), str(row["source"])
        )
        for row in table.rows()
    }
