"""A study for cBioPortal: mutations (MAF with the ASCN columns), clinical data, timelines in days."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from truncal.report.patient import Patient, records
from truncal.tables import atomic, cell

MAF = (
    "Hugo_Symbol", "NCBI_Build", "Chromosome", "Start_Position", "End_Position", "Variant_Classification",
    "Variant_Type", "Reference_Allele", "Tumor_Seq_Allele1", "Tumor_Seq_Allele2", "Tumor_Sample_Barcode",
    "Mutation_Status", "HGVSp", "HGVSp_Short", "t_ref_count", "t_alt_count", "ASCN.ASCN_METHOD",
    "ASCN.ASCN_INTEGER_COPY_NUMBER", "ASCN.TOTAL_COPY_NUMBER", "ASCN.MINOR_COPY_NUMBER",
    "ASCN.EXPECTED_ALT_COPIES", "ASCN.CCF_EXPECTED_COPIES", "ASCN.CCF_EXPECTED_COPIES_LOWER",
    "ASCN.CCF_EXPECTED_COPIES_UPPER", "ASCN.CLONAL",
)  # fmt: skip
TREATMENT = ("PATIENT_ID", "START_DATE", "STOP_DATE", "EVENT_TYPE", "TREATMENT_TYPE", "AGENT")
SPECIMEN = ("PATIENT_ID", "START_DATE", "STOP_DATE", "EVENT_TYPE", "SAMPLE_ID", "SPECIMEN_SITE")
_SAMPLE = (
    ("PATIENT_ID", "Patient", "Patient", "STRING"),
    ("SAMPLE_ID", "Sample", "Sample", "STRING"),
    ("TUMOR_PURITY", "Purity", "Share of tumour cells", "NUMBER"),
    ("PLOIDY", "Ploidy", "Mean copy number", "NUMBER"),
    ("WGD", "Genome doubled", "Whole-genome doubling", "STRING"),
    ("SAMPLE_SITE", "Site", "Where the sample was taken", "STRING"),
)
_META = {
    "meta_mutations.txt": {
        "genetic_alteration_type": "MUTATION_EXTENDED",
        "datatype": "MAF",
        "stable_id": "mutations",
        "show_profile_in_analysis_tab": "true",
        "profile_name": "Mutations",
        "profile_description": "Mutations with cancer cell fraction and clonality by truncal.",
        "data_filename": "data_mutations.txt",
        "namespaces": "ASCN",
    },
    "meta_clinical_sample.txt": {
        "genetic_alteration_type": "CLINICAL",
        "datatype": "SAMPLE_ATTRIBUTES",
        "data_filename": "data_clinical_sample.txt",
    },
    "meta_timeline_treatment.txt": {
        "genetic_alteration_type": "CLINICAL",
        "datatype": "TIMELINE",
        "data_filename": "data_timeline_treatment.txt",
    },
    "meta_timeline_specimen.txt": {
        "genetic_alteration_type": "CLINICAL",
        "datatype": "TIMELINE",
        "data_filename": "data_timeline_specimen.txt",
    },
}
_GENOME = {"GRCh37": "hg19", "GRCh38": "hg38"}
_THREE = {
    "Ala": "A", "Arg": "R", "Asn": "N", "Asp": "D", "Cys": "C", "Gln": "Q", "Glu": "E", "Gly": "G",
    "His": "H", "Ile": "I", "Leu": "L", "Lys": "K", "Met": "M", "Phe": "F", "Pro": "P", "Ser": "S",
    "Thr": "T", "Trp": "W", "Tyr": "Y", "Val": "V", "Ter": "*",
}  # fmt: skip


class Study:
    """Writer of a study's folder; `add` takes one patient at a time, so that memory stays flat."""

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        """`settings`: `study` (id), `name` and `cancer_type`, as in the config's section `cbioportal`."""
        self.folder = folder
        self.settings = settings
        self._samples: list[str] = []
        self._builds: set[str] = set()
        self._stack = ExitStack()
        self._files: dict[str, IO[str]] = {}

    def __enter__(self) -> Study:
        sample = "".join(
            "#" * (row < 4) + "\t".join(line) + "\n"
            for row, line in enumerate(
                [
                    [one[1] for one in _SAMPLE],
                    [one[2] for one in _SAMPLE],
                    [one[3] for one in _SAMPLE],
                    ["1"] * len(_SAMPLE),
                    [one[0] for one in _SAMPLE],
                ]
            )
        )
        heads = {
            "data_mutations.txt": "\t".join(MAF) + "\n",
            "data_timeline_treatment.txt": "\t".join(TREATMENT) + "\n",
            "data_timeline_specimen.txt": "\t".join(SPECIMEN) + "\n",
            "data_clinical_sample.txt": sample,
        }
        for name, head in heads.items():
            self._files[name] = self._stack.enter_context(atomic(self.folder / name))
            self._files[name].write(head)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)
        if kind is None:
            for name, lines in {**_META, **self._lists()}.items():
                given = {"cancer_study_identifier": self.settings["study"], **lines}
                with atomic(self.folder / name) as handle:
                    handle.writelines(f"{key}: {value}\n" for key, value in given.items())

    def _lists(self) -> dict[str, dict[str, str]]:
        """The study's own file and the list of its samples."""
        study = {
            "type_of_cancer": self.settings["cancer_type"],
            "name": self.settings["name"],
            "description": "Clones, clonality and resistance drivers of multi-region tumours by truncal.",
            "add_global_case_list": "true",
        }
        genomes = {_GENOME.get(build, "") for build in self._builds} - {""}
        if len(genomes) == 1:
            study["reference_genome"] = genomes.pop()
        cases = {
            "stable_id": f"{self.settings['study']}_sequenced",
            "case_list_name": "Samples with mutation data",
            "case_list_description": f"Samples with mutation data ({len(self._samples)} samples)",
            "case_list_category": "all_cases_with_mutation_data",
            "case_list_ids": "\t".join(self._samples),
        }
        return {"meta_study.txt": study, "case_lists/cases_sequenced.txt": cases}

    def add(self, document: Mapping[str, Any], patient: Patient) -> None:
        """Append a patient's mutations, samples and times."""
        for row in maf_rows(document, patient):
            self._line("data_mutations.txt", [row.get(name) for name in MAF])
        self._builds.add(document["patient"].get("build") or "")
        for sample in document["samples"]:
            name = barcode(patient.patient_id, sample["sample_id"])
            self._samples.append(name)
            values = [sample.get(key) for key in ("purity", "ploidy", "wgd", "site")]
            self._line("data_clinical_sample.txt", [patient.patient_id, name, *values])
            if sample.get("day") is not None:
                line = [patient.patient_id, sample["day"], None, "Specimen", name, sample.get("site")]
                self._line("data_timeline_specimen.txt", line)
        for row in records(document, "treatments"):
            if isinstance(row["start"], (int, float)):
                line = [
                    patient.patient_id,
                    row["start"],
                    row["end"],
                    "Treatment",
                    "Medical Therapy",
                    row["drug"],
                ]
                self._line("data_timeline_treatment.txt", line)

    def _line(self, name: str, values: list[Any]) -> None:
        text = ("" if value is None else cell(value) for value in values)
        self._files[name].write("\t".join(one.replace("\t", " ").replace("\n", " ") for one in text) + "\n")


def barcode(patient_id: str, sample_id: str) -> str:
    """Sample id that is unique in a study: the patient's before it unless it starts so already."""
    return sample_id if sample_id.startswith(patient_id) else f"{patient_id}_{sample_id}"


def maf_rows(document: Mapping[str, Any], patient: Patient) -> list[dict[str, Any]]:
    """One row a mutation and sample with alternative reads; mutations without alleles are left out."""
    by_id = {row["mutation_id"]: row for row in records(document, "mutations")}
    copies = {(r["mutation_id"], r["sample_id"]): r for r in records(document, "counts")}
    labels = {driver.row["mutation_id"]: driver.row["label"] for driver in patient.drivers}
    above, below = _thresholds(document)
    found = []
    for row in records(document, "ccf"):
        mutation = by_id.get(row["mutation_id"])
        if (
            mutation is None
            or not row["alt_counts"]
            or not mutation.get("ref")
            or mutation.get("pos") is None
        ):
            continue
        here = copies.get((row["mutation_id"], row["sample_id"]), {})
        major, minor = here.get("major_cn"), here.get("minor_cn")
        total = None if major is None else major + (minor or 0)  # without a minor, the major is the total
        chance = mutation.get("p_clonal")
        label = labels.get(row["mutation_id"]) or _label(chance, above, below)
        start, end, ref, alt, kind = maf_alleles(int(mutation["pos"]), mutation["ref"], mutation["alt"])
        found.append(
            {
                "Hugo_Symbol": mutation.get("gene") or "Unknown",
                "NCBI_Build": document["patient"].get("build") or "",
                "Chromosome": str(mutation["chrom"]).removeprefix("chr"),
                "Start_Position": start,
                "End_Position": end,
                "Variant_Classification": classification(mutation.get("hgvsp"), kind, ref, alt),
                "Variant_Type": kind,
                "Reference_Allele": ref,
                "Tumor_Seq_Allele1": ref,
                "Tumor_Seq_Allele2": alt,
                "Tumor_Sample_Barcode": barcode(patient.patient_id, row["sample_id"]),
                "Mutation_Status": "Somatic",
                "HGVSp": mutation.get("hgvsp"),
                "HGVSp_Short": short_hgvsp(mutation.get("hgvsp")),
                "t_ref_count": max(0, row["depth"] - row["alt_counts"]),
                "t_alt_count": row["alt_counts"],
                "ASCN.ASCN_METHOD": "truncal",
                "ASCN.ASCN_INTEGER_COPY_NUMBER": None if total is None else round(total),
                "ASCN.TOTAL_COPY_NUMBER": total,
                "ASCN.MINOR_COPY_NUMBER": minor,
                "ASCN.EXPECTED_ALT_COPIES": row["multiplicity"],
                "ASCN.CCF_EXPECTED_COPIES": row["ccf"],
                "ASCN.CCF_EXPECTED_COPIES_LOWER": row["ccf_low"],
                "ASCN.CCF_EXPECTED_COPIES_UPPER": row["ccf_high"],
                "ASCN.CLONAL": {"clonal": "Clonal", "subclonal": "Subclonal"}.get(label, "Indeterminate"),
            }
        )
    return found


def _thresholds(document: Mapping[str, Any]) -> tuple[float, float]:
    given = document.get("parameters", {}).get("drivers", {})
    given = {**given, **given.get("clonality", {})}
    return float(given.get("clonal_above", 0.9)), float(given.get("subclonal_below", 0.1))


def _label(chance: float | None, above: float, below: float) -> str:
    if chance is None:
        return "indeterminate"
    return "clonal" if chance >= above else "subclonal" if chance <= below else "indeterminate"


def maf_alleles(pos: int, ref: str, alt: str) -> tuple[int, int, str, str, str]:
    """Start, end, alleles and type as MAF writes them: no shared first base, `-` for nothing."""
    while ref and alt and ref[0] == alt[0]:
        ref, alt, pos = ref[1:], alt[1:], pos + 1
    if not ref:
        return pos - 1, pos, "-", alt, "INS"
    if not alt:
        return pos, pos + len(ref) - 1, ref, "-", "DEL"
    if len(ref) == len(alt):
        return pos, pos + len(ref) - 1, ref, alt, {1: "SNP", 2: "DNP", 3: "TNP"}.get(len(ref), "ONP")
    return pos, pos + len(ref) - 1, ref, alt, "DEL" if len(ref) > len(alt) else "INS"


def short_hgvsp(hgvsp: str | None) -> str | None:
    """`p.Leu858Arg` as `p.L858R`; transcript ids are cut off."""
    if not hgvsp:
        return None
    change = hgvsp.rsplit(":", 1)[-1]
    return re.sub("|".join(_THREE), lambda match: _THREE[match.group()], change)


def classification(hgvsp: str | None, kind: str, ref: str, alt: str) -> str:
    """MAF class from the protein change; `Unknown` where none is given."""
    short = short_hgvsp(hgvsp)
    if short is None:
        return "Unknown"
    size = (0 if alt == "-" else len(alt)) - (0 if ref == "-" else len(ref))
    if "fs" in short:
        return "Frame_Shift_Del" if size < 0 else "Frame_Shift_Ins"
    if re.search(r"(\*|X)$", short):
        return "Nonsense_Mutation"
    if short.startswith("p.*"):
        return "Nonstop_Mutation"
    if short.startswith("p.M1") and not short.startswith(tuple(f"p.M1{digit}" for digit in range(10))):
        return "Translation_Start_Site"
    if short.endswith("=") or re.fullmatch(r"p\.([A-Z])\d+\1", short):
        return "Silent"
    if kind in ("INS", "DEL"):
        return "In_Frame_Del" if size < 0 else "In_Frame_Ins"
    return "Missense_Mutation"
