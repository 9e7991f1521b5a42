rule phylogeny:
    input:
        step=f"{OUT}/{{patient}}/clones/step.json",
    output:
        patient_files("phylogeny", STEP_FILES["phylogeny"]),
    log:
        f"{OUT}/logs/{{patient}}/phylogeny.log",
    benchmark:
        f"{OUT}/logs/{{patient}}/phylogeny.benchmark.tsv"
    priority: priority_of("phylogeny")
    group:
        "patient"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        clones=lambda wildcards, input: Path(input.step).parent,
        out=lambda wildcards, output: Path(output[0]).parent,
        common=PLAN.arguments("phylogeny", "clonality"),
        version=PLAN.version,
    shell:
        "truncal phylogeny --clones {params.clones:q} --out {params.out:q} {params.common:q} 2> {log:q}"
