"""truncal: clone trees and clonal or subclonal resistance drivers from multi-region tumour exomes."""

from snakemake.utils import min_version

min_version("9.0")


configfile:
    str(
        workflow.current_basedir.join("config/config.yaml").get_path_or_uri(
            secret_free=True
        )
    )


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/counts.smk"
include: "workflow/rules/clones.smk"
include: "workflow/rules/phylogeny.smk"
include: "workflow/rules/drivers.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/cohort.smk"


rule all:
    default_target: True
    input:
        f"{OUT}/cohort/report.html",
        expand(f"{OUT}/{{patient}}/report.html", patient=PATIENTS),
        expand(f"{OUT}/{{patient}}/figures/tree.svg", patient=PATIENTS),
    localrule: True


onsuccess:
    print(
        f"Reports: {OUT}/cohort/report.html and {OUT}/PATIENT/report.html",
        file=sys.stderr,
    )


onerror:
    report_the_rest()
