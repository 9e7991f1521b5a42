"""Which statements of the resistance table a mutation meets: allele, else qualified protein, else class."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from truncal.drivers import statements as st
from truncal.drivers.alleles import Allele, Contexts, substitutions, trimmed
from truncal.drivers.hgvs import bare, short_protein
from truncal.drivers.rules import CLASSES, Variant, class_hit, consequence, transcripts_of
from truncal.drivers.statements import Statement
from truncal.drivers.transcripts import Transcripts

ONE_HIT = "one_hit"
PARTIAL = "high_level_gain"
WITHOUT_CLAIM = frozenset({ONE_HIT, PARTIAL})
"""Ways to meet a statement that are not enough for its drug claims."""


EXEMPT = frozenset({"A763_Y764insFQEA"})
"""Alterations that lie in the window of a class and behave otherwise: no source's class applies to them."""


@dataclass(frozen=True)
class Hit:
    """A statement met; how: `allele`, `allele_in_mnv`, `joined_records`, `protein`, `class` or `one_hit`."""

    statement: Statement
    how: str


class Matcher:
    """The resistance table in one build, ready for look-ups."""

    def __init__(
        self, statements: Sequence[Statement], build: str, where: Contexts, models: Transcripts
    ) -> None:
        self.build, self.where, self.models = build, where, models
        self.sources = {one.source for one in statements}
        self.by_allele: dict[Hashable, list[Statement]] = {}
        self.by_protein: dict[tuple[str, str], list[Statement]] = {}
        self.changes: set[tuple[str | None, str]] = set()
        self.multiple: list[tuple[frozenset[Allele], Statement]] = []
        self.classes = [one for one in statements if one.match in CLASSES]
        self.suppressors: dict[str, list[Statement]] = {}
        for one in statements:
            allele = one.alleles.get(build)
            if allele is not None:
                self.by_allele.setdefault(where.key(allele), []).append(one)
                parts = substitutions(trimmed(allele))
                if len(parts) > 1:
                    self.multiple.append((frozenset(parts), one))
            if one.match == st.INACTIVATION:
                self.suppressors.setdefault(one.gene, []).append(one)
            if one.match in (st.ALLELE, st.PROTEIN):
                changes = [short_protein(one.hgvs_p), *one.synonyms]
                self.changes |= {(one.gene, change) for change in changes if change is not None}
                for change in changes:
                    for name in one.transcripts:
                        if change is not None:
                            self.by_protein.setdefault((bare(name) or "", change), []).append(one)

    def match(self, variant: Variant) -> list[Hit]:
        """All statements that the variant meets: of each source, those of the first way that finds any.

        So a source that lists the allele does not add its class as well, but one source's class stands beside
        another's allele.
        """
        found: list[Hit] = []
        for way in (self._by_allele, self._within_mnv, self._by_protein, self._by_class, self._one_hit):
            answered = {hit.statement.source for hit in found}
            if len(answered) == len(self.sources):
                break
            if way == self._by_class and any(hit.statement.alteration in EXEMPT for hit in found):
                continue
            found += [hit for hit in way(variant) if hit.statement.source not in answered]
        return found

    def _by_allele(self, variant: Variant) -> list[Hit]:
        if variant.allele is None:
            return []
        found = self.by_allele.get(self.where.key(variant.allele), ())
        return [Hit(one, "allele") for one in found]

    def _within_mnv(self, variant: Variant) -> list[Hit]:
        """A listed substitution inside a longer one, if the rest leaves its codon alone."""
        parts = substitutions(trimmed(variant.allele)) if variant.allele is not None else []
        if len(parts) < 2:
            return []
        given = frozenset(parts)
        listed = [(wanted, one) for wanted, one in self.multiple if wanted < given]
        for part in parts:
            listed += [(frozenset([part]), one) for one in self.by_allele.get(self.where.key(part), ())]
        return [
            Hit(one, "allele_in_mnv")
            for wanted, one in listed
            if not self._shares_codon(one.gene, wanted, given - wanted)
        ]

    def _shares_codon(self, gene: str, wanted: frozenset[Allele], rest: frozenset[Allele]) -> bool:
        model = self.models.by_gene.get(gene)
        if model is None:
            return True
        codons = {model.codon(part.pos) for part in wanted}
        return any((code := model.codon(part.pos)) is not None and code in codons for part in rest)

    def unqualified(self, variant: Variant) -> str | None:
        """A listed alteration that the variant names without its transcript, and so does not meet.

        Residue numbers differ between transcripts: MET's by 18, ROS1's by 6.
        """
        change = short_protein(variant.hgvsp)
        if change is None or variant.allele is not None or transcripts_of(variant):
            return None
        return f"{variant.gene} {change}" if (variant.gene, change) in self.changes else None

    def _by_protein(self, variant: Variant) -> list[Hit]:
        change = short_protein(variant.hgvsp)
        if change is None:
            return []
        found: dict[str, Statement] = {}
        for name in transcripts_of(variant):
            for one in self.by_protein.get((name, change), ()):
                found.setdefault(one.id, one)
            gene = self.models.aliases.get(name, ("", 0, 0))[0]
            shifted = self.models.in_table_numbering(gene, name, change) if gene else None
            for (_, other), listed in self.by_protein.items() if shifted else ():
                if other == shifted:
                    found.update({one.id: one for one in listed if one.gene == gene})
        kept: dict[str, Statement] = {}
        for one in found.values():  # rows that differ in the DNA change alone say the same of the protein
            kept.setdefault(f"{one.alteration}|{one.source}", one)
        return [Hit(one, "protein") for one in kept.values()]

    def _by_class(self, variant: Variant) -> list[Hit]:
        return [
            Hit(one, "class")
            for one in self.classes
            if class_hit(variant, one, self.build, self.where, self.models)
        ]

    def _one_hit(self, variant: Variant) -> list[Hit]:
        gene = variant.gene or self.gene_at(variant.allele)
        if gene not in self.suppressors:
            return []
        if consequence(variant, self.models) not in ("truncating", "splice"):
            return []
        return [Hit(one, ONE_HIT) for one in self.suppressors[gene]]

    def gene_at(self, allele: Allele | None) -> str | None:
        """The gene whose coding range covers the allele, if truncal knows it."""
        found = self.models.at(allele) if allele is not None else []
        return found[0].gene if found else None
