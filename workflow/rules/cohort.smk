rule cohort:
    input:
        expand(f"{OUT}/{{patient}}/patient.json", patient=PATIENTS),
    output:
        [f"{OUT}/cohort/{name}" for name in STEP_FILES["cohort"]],
    log:
        f"{OUT}/logs/cohort.log",
    conda:
        ENVIRONMENT
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * 2 ** (attempt - 1),
        runtime=lambda wildcards, attempt: 30 * 2 ** (attempt - 1),
    params:
        out=f"{OUT}/cohort",
        patients=[f"{OUT}/{patient}" for patient in PATIENTS],
        common=PLAN.arguments(),
        version=PLAN.version,
    shell:
        "truncal cohort-report --patients {params.patients:q} --out {params.out:q} {params.common:q} 2> {log:q}"


def report_the_rest():
    """After a failure: the cohort report of the patients that are whole, naming the others."""
    whole = [patient for patient in PATIENTS if Path(f"{OUT}/{patient}/patient.json").exists()]
    if whole and len(whole) < len(PATIENTS):
        shell(
            "truncal cohort-report --patients {patients:q} --failed {failed:q} --logs {OUT:q}/logs"
            " --out {OUT:q}/cohort",
            patients=[f"{OUT}/{patient}" for patient in whole],
            failed=[patient for patient in PATIENTS if patient not in whole],
        )
