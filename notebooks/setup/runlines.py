"""What a page tells of a run, from what is kept of it in the notebook's metadata (see ./trainings)."""

import about


def of(run):
    """Pairs of a name and what to say. What was not recorded is not said."""
    machine = run.get("machine", {})
    versions = [run.get("go", "")] + [f"{path.rsplit('/', 1)[-1]} {version}" for path, version in sorted((run.get("modules") or {}).items())]
    accelerator = machine.get("accelerator", "none")
    hardware = [machine.get("processor", ""), f"{machine['cores']} cores" if machine.get("cores") else "", accelerator if accelerator != "none" else ""]
    energy = run.get("energy", "")
    pairs = {
        "What": ", ".join(filter(None, [run.get("method", ""), run.get("encoder", ""), f"{run['steps']} steps", f"seed {run['seed']}", run["state"]])),
        "Recipe": run.get("recipe", ""),
        "Images": f"{run['images']} of {run['data']}, fingerprint {run['data_hash']}" if run.get("data") else "",
        "Began": run.get("began", "").replace("T", " ").replace("Z", " UTC"),
        "Time": f"{about.duration(run['seconds'])} of training",
        "Energy": f"{run['kwh']:.2g} kWh, an estimate: {energy}" if run.get("kwh") else f"no estimate: {energy}" if energy else "",
        "Machine": ", ".join(filter(None, hardware)),
        "Versions": ", ".join(filter(None, versions)),
        "Backend": run.get("backend", ""),
        "Commit": run.get("commit", ""),
    }
    return [(name, text) for name, text in pairs.items() if text]
