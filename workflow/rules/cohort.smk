rule cohort:
    input:
        expand(f"{OUT}/{{patient}}/patient.json", patient=PATIENTS),
        # linked to, and newer than a page that was made while they were missing
        expand(f"{OUT}/{{patient}}/report.html", patient=PATIENTS),
    output:
        report(
            f"{OUT}/cohort/report.html",
            caption="../report/cohort.rst",
            category="Cohort",
        ),
        [
            f"{OUT}/cohort/{name}"
            for name in STEP_FILES["cohort"]
            if name != "report.html"
        ],
        directory(f"{OUT}/cohort/cbioportal")
        if PLAN.settings["cbioportal"]["write"]
        else [],
    log:
        f"{OUT}/logs/cohort.log",
    conda:
        ENVIRONMENT
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * 2 ** (attempt - 1),
        runtime=lambda wildcards, attempt: 30 * 2 ** (attempt - 1),
    params:
        out=lambda wildcards, output: Path(output[0]).parent,
        # the sheet names the patients: a command line could not hold those of a large cohort
        patients=["--samples", PLAN.sheet_path, "--results", OUT],
        common=PLAN.arguments("cbioportal"),
        version=PLAN.version,
    shell:
        "truncal cohort-report {params.patients:q} --out {params.out:q} {params.common:q} 2> {log:q}"
