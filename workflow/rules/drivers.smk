rule drivers:
    input:
        counts=f"{OUT}/{{patient}}/counts/counts.tsv",
        phylogeny=f"{OUT}/{{patient}}/phylogeny/step.json",
        sheet=ancient(PLAN.sheet_path),
        tables=PLAN.driver_files,
    output:
        patient_files("drivers", STEP_FILES["drivers"]),
    log:
        f"{OUT}/logs/{{patient}}/drivers.log",
    priority: priority_of("drivers")
    group:
        "patient"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        phylogeny=lambda wildcards, input: Path(input.phylogeny).parent,
        out=lambda wildcards, output: Path(output[0]).parent,
        rows=lambda wildcards: PLAN.rows_digest(wildcards.patient),
        common=PLAN.arguments(
            "build", "reads", "clonality", "drivers", "fusions", "treatments"
        ),
        version=PLAN.version,
    shell:
        "truncal drivers --counts {input.counts:q} --phylogeny {params.phylogeny:q} --samples {input.sheet:q}"
        " --patient {wildcards.patient:q} --out {params.out:q} {params.common:q} 2> {log:q}"
