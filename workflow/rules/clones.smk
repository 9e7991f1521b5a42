rule clones:
    input:
        counts=f"{OUT}/{{patient}}/counts/counts.tsv",
        step=f"{OUT}/{{patient}}/counts/step.json",
    output:
        patient_files("clones", STEP_FILES["clones"]),
    log:
        f"{OUT}/logs/{{patient}}/clones.log",
    benchmark:
        f"{OUT}/logs/{{patient}}/clones.benchmark.tsv"
    priority: priority_of("clones")
    group:
        "patient"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        out=lambda wildcards, output: Path(output[0]).parent,
        common=PLAN.arguments("absent", "clones", "clonality"),
        version=PLAN.version,
    shell:
        "truncal clones --counts {input.counts:q} --out {params.out:q} {params.common:q} 2> {log:q}"
