rule counts:
    input:
        files=lambda wildcards: PLAN.files(wildcards.patient),
        sheet=ancient(PLAN.sheet_path),
    output:
        patient_files("counts", STEP_FILES["counts"]),
    log:
        f"{OUT}/logs/{{patient}}/counts.log",
    group:
        "patient"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        out=lambda wildcards, output: Path(output[0]).parent,
        rows=lambda wildcards: PLAN.rows_digest(wildcards.patient),
        common=PLAN.arguments("build", "reads", "copy_number"),
        version=PLAN.version,
    shell:
        "truncal counts --samples {input.sheet:q} --patient {wildcards.patient:q} --out {params.out:q}"
        " {params.common:q} 2> {log:q}"
