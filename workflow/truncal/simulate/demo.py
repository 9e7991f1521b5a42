"""The demo: three EGFR-mutant patients whose drivers, tree and treatment are set by hand.

DEMO1: a T790M that is there before therapy, in some cells of two regions. DEMO2: MET amplification on one
branch and a PIK3CA hotspot on another. DEMO3: T790M under the first drug, then C797S on the same allele under
the second.
"""

from __future__ import annotations

from pathlib import Path

from truncal.simulate.parameters import CopyNumberEvent, Driver, Region, SimulationParameters
from truncal.simulate.tumour import patient_seed, simulate_tumour
from truncal.simulate.write import Output, write_cohort

EGFR_L858R, EGFR_EXON_19, T790M, C797S = "RD0001", "RD0012", "RD0024", "RD0025"
PIK3CA_E545K, TP53_R273H, TP53_R248Q, TP53_R175H = "RD0223", "RD0245", "RD0243", "RD0242"

_ONE_LOST = ("1p", "5q", "8p", "10q", "15q", "19p")
_BOTH_LOST = ("2q", "3p", "4", "6q", "9", "13q", "18q", "22q")

DEMO_SEED = 20240


def demo_patients() -> list[tuple[SimulationParameters, Output]]:
    """Parameters and output style of the three patients."""
    return [
        (_preexisting_t790m(), Output(caller="mutect2")),
        (_two_bypasses(), Output(caller="strelka2")),
        (_cis_after_therapy(), Output(caller="mutect2", joint=True)),
    ]


def write_demo(out: Path, seed: int = DEMO_SEED) -> None:
    """Simulate the demo's patients and write them to `out`."""
    patients = (
        (simulate_tumour(parameters, patient_seed(seed, number)), output)
        for number, (parameters, output) in enumerate(demo_patients())
    )
    write_cohort(out, patients)


def _common(patient: str) -> dict:
    return {
        "patient": patient,
        "clones": 5,
        "mutations": 150,
        "trunk_events": 0.0,
        "branch_events": 0.0,
        "mirrored": 0,
        "wgd": 0.0,
        "reads": True,
        "artefacts": 0.02,
        "filtered": 6,
        "purity_error": 0.005,
        "mutation_shares": (0.32, 0.17, 0.17, 0.17, 0.17),
        "min_mutations": 12,
    }


def _preexisting_t790m() -> SimulationParameters:
    """Trunk with L858R and TP53 under LOH; T790M on clone 4, in R2 and R3 only, before any drug."""
    return SimulationParameters(
        **_common("DEMO1"),
        regions=4,
        depth=220.0,
        parents=(0, 1, 1, 2, 3),
        proportions=(
            (0.10, 0.12, 0.10, 0.14),
            (0.90, 0.38, 0.22, 0.00),
            (0.00, 0.00, 0.00, 0.46),
            (0.00, 0.50, 0.30, 0.00),
            (0.00, 0.00, 0.38, 0.40),
        ),
        purities=(0.72, 0.65, 0.70, 0.58),
        samples=tuple(Region(f"DEMO1_R{number}", site="lung", day=0, timepoint=1) for number in range(1, 5)),
        events=(
            CopyNumberEvent(1, "loss", "17p", haplotype=1, time=0.7),
            CopyNumberEvent(1, "gain", "7", haplotype=0, time=0.8),
            CopyNumberEvent(1, "cnloh", "9p", haplotype=1, time=0.5),
            CopyNumberEvent(1, "gain", "8q", haplotype=0, time=0.6),
            CopyNumberEvent(1, "loss", "3p", haplotype=0, time=0.9),
        ),
        drivers=(
            Driver(EGFR_L858R, 1, time=0.2, haplotype=0),
            Driver(TP53_R273H, 1, time=0.3, haplotype=0),
            Driver(T790M, 4, time=0.5, haplotype=0, partner=EGFR_L858R),
        ),
        treatments=(("gefitinib", 21, None),),
    )


def _two_bypasses() -> SimulationParameters:
    """Exon-19 deletion on the trunk, MET amplification on clone 3, PIK3CA E545K on clone 4."""
    return SimulationParameters(
        **_common("DEMO2"),
        regions=4,
        depth=240.0,
        parents=(0, 1, 1, 2, 3),
        proportions=(
            (0.12, 0.20, 0.15, 0.15),
            (0.00, 0.28, 0.00, 0.35),
            (0.88, 0.00, 0.25, 0.00),
            (0.00, 0.52, 0.00, 0.50),
            (0.00, 0.00, 0.60, 0.00),
        ),
        purities=(0.66, 0.74, 0.61, 0.70),
        samples=tuple(
            Region(f"DEMO2_R{number}", site=site, day=0, timepoint=1)
            for number, site in enumerate(("lung", "lung", "lung", "lymph node"), start=1)
        ),
        events=(
            CopyNumberEvent(1, "loss", "17p", haplotype=0, time=0.6),
            CopyNumberEvent(1, "gain", "1q", haplotype=0, time=0.4),
            CopyNumberEvent(1, "gain", "5p", haplotype=1, time=0.5),
            CopyNumberEvent(2, "loss", "18q", haplotype=0, time=0.5),
            CopyNumberEvent(5, "loss", "18q", haplotype=1, time=0.5),
            CopyNumberEvent(3, "amplification", "MET", haplotype=1, time=0.5, copies=12),
        ),
        drivers=(
            Driver(EGFR_EXON_19, 1, time=0.2),
            Driver(TP53_R248Q, 1, time=0.3, haplotype=1),
            Driver(PIK3CA_E545K, 4, time=0.4),
        ),
        copy_number_style="battenberg",
    )


def _cis_after_therapy() -> SimulationParameters:
    """Serial, genome doubled, GRCh37: T790M under gefitinib, C797S in cis under osimertinib."""
    return SimulationParameters(
        **_common("DEMO3"),
        regions=4,
        depth=260.0,
        build="GRCh37",
        sex="male",
        parents=(0, 1, 2, 1, 3),
        proportions=(
            (0.35, 0.20, 0.08, 0.06),
            (0.00, 0.80, 0.32, 0.19),
            (0.00, 0.00, 0.60, 0.20),
            (0.65, 0.00, 0.00, 0.00),
            (0.00, 0.00, 0.00, 0.55),
        ),
        purities=(0.68, 0.62, 0.71, 0.64),
        samples=(
            Region("DEMO3_T1", site="lung", day=0, timepoint=1),
            Region("DEMO3_T2", site="lung", day=410, timepoint=2),
            Region("DEMO3_T3a", site="lung", day=905, timepoint=3),
            Region("DEMO3_T3b", site="liver", day=905, timepoint=3),
        ),
        events=(
            CopyNumberEvent(1, "loss", "17p", haplotype=0, time=0.4),
            CopyNumberEvent(1, "wgd", "genome", time=0.6),
            # what a doubled genome loses again: arms with 2 + 1 and with 1 + 1 copies
            *(CopyNumberEvent(1, "loss", arm, haplotype=0, time=0.8) for arm in (*_ONE_LOST, *_BOTH_LOST)),
            *(CopyNumberEvent(1, "loss", arm, haplotype=1, time=0.9) for arm in _BOTH_LOST),
        ),
        drivers=(
            Driver(EGFR_EXON_19, 1, time=0.2, haplotype=0),
            Driver(TP53_R175H, 1, time=0.3, haplotype=1),
            Driver(T790M, 2, time=0.4, haplotype=0),
            Driver(C797S, 3, time=0.5, haplotype=0, partner=T790M, phase="cis"),
        ),
        treatments=(("gefitinib", 14, 405), ("osimertinib", 420, 900)),
    )
