rule assemble:
    input:
        counts=f"{OUT}/{{patient}}/counts/step.json",
        clones=f"{OUT}/{{patient}}/clones/step.json",
        phylogeny=f"{OUT}/{{patient}}/phylogeny/step.json",
        drivers=f"{OUT}/{{patient}}/drivers/step.json",
    output:
        [f"{OUT}/{{patient}}/{name}" for name in STEP_FILES["assemble"]],
    log:
        f"{OUT}/logs/{{patient}}/assemble.log",
    priority: priority_of("assemble")
    group:
        "patient"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        steps=lambda wildcards, input: [Path(path).parent for path in input],
        out=lambda wildcards, output: Path(output[0]).parent,
        common=PLAN.arguments(),
        version=PLAN.version,
    shell:
        "truncal assemble --counts {params.steps[0]:q} --clones {params.steps[1]:q}"
        " --phylogeny {params.steps[2]:q} --drivers {params.steps[3]:q} --out {params.out:q}"
        " {params.common:q} 2> {log:q}"


rule report:
    input:
        f"{OUT}/{{patient}}/patient.json",
    output:
        report(
            f"{OUT}/{{patient}}/report.html",
            caption="../report/report.rst",
            category="Patients",
            labels={"patient": "{patient}", "figure": "report"},
        ),
    log:
        f"{OUT}/logs/{{patient}}/report.log",
    priority: priority_of("report")
    group:
        "patient"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        common=PLAN.arguments(),
        version=PLAN.version,
    shell:
        "truncal report --patient-json {input:q} --out {output:q} {params.common:q} 2> {log:q}"


rule figures:
    input:
        document=f"{OUT}/{{patient}}/patient.json",
        # not read, but steps side by side would double the memory and cores of a patient's cluster job
        page=f"{OUT}/{{patient}}/report.html",
    output:
        [
            f"{OUT}/{{patient}}/figures/{name}"
            for name in STEP_FILES["figures"]
            if not name.endswith("svg")
        ],
        *[
            report(
                f"{OUT}/{{patient}}/figures/{name}.svg",
                caption=f"../report/{name}.rst",
                category="Patients",
                labels={"patient": "{patient}", "figure": name},
            )
            for name in ("tree", "ccf", "proportions")
        ],
    log:
        f"{OUT}/logs/{{patient}}/figures.log",
    priority: priority_of("figures")
    group:
        "patient"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        out=lambda wildcards, output: Path(output[0]).parent,
        common=PLAN.arguments(),
        version=PLAN.version,
    shell:
        "truncal figures --patient-json {input.document:q} --out {params.out:q} {params.common:q} 2> {log:q}"
