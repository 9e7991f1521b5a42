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
    log:
        f"{OUT}/logs/cohort.log",
    conda:
        ENVIRONMENT
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * 2 ** (attempt - 1),
        runtime=lambda wildcards, attempt: 30 * 2 ** (attempt - 1),
    params:
        out=lambda wildcards, output: Path(output[0]).parent,
        patients=[f"{OUT}/{patient}" for patient in PATIENTS],
        common=PLAN.arguments(),
        version=PLAN.version,
    shell:
        "truncal cohort-report --patients {params.patients:q} --out {params.out:q} {params.common:q} 2> {log:q}"
