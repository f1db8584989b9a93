"""What is known of a submission in, the trace that one cause of an error left in it out; "" where there is none."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import Version

from prompt_recovery.submit.doctor.machine import GIB, T4_BYTES, sized
from prompt_recovery.submit.doctor.packaged import OLD_DAYS
from prompt_recovery.submit.doctor.submitted import Submitted

_KAGGLE_HOURS = 9.0
_MAIN_MEMORY = 31 * GIB  # of the machine with two T4s
_NEAR = 0.9  # of a limit


def projected_too_long(of: Submitted) -> str:
    projection = of.rehearsal.get("projection")
    if not projection or projection["hours"] < _NEAR * projection["limit_hours"]:
        return ""
    return (
        f"rehearsal.json projects {projection['hours']:.2f} h of {projection['limit_hours']:g} h for "
        f"{projection['rows']} rows, at {projection['measured_rows_per_second']:g} rows/s times gpu_factor "
        f"{projection['gpu_factor']:g}"
    )


def unmeasured_speed(of: Submitted) -> str:
    """Kaggle's commit run has one row, of which no rate can be told: the factor is all that is known of its speed."""
    projection = of.rehearsal.get("projection")
    if not projection or projection["gpu_factor"] < 1 or projection["hours"] < 0.5 * projection["limit_hours"]:
        return ""
    return (
        f"{projection['hours']:.2f} h were projected with gpu_factor {projection['gpu_factor']:g}: as if Kaggle's "
        "machine were no slower than the one of the rehearsal"
    )


def limit_too_near(of: Submitted) -> str:
    limit = of.submit["time_limit_hours"]
    if limit <= 8.75:
        return ""
    return f"submit.time_limit_hours = {limit:g} leaves {60 * (_KAGGLE_HOURS - limit):.0f} min to write and to end"


def without_gpu(of: Submitted) -> str:
    if of.kernel.get("enable_gpu") and of.kernel.get("machine_shape") != of.submit["accelerator"]:
        return f"kernel-metadata.json asks for the machine {of.kernel.get('machine_shape')}, not NvidiaTeslaT4"
    workers = of.on_kaggle.get("workers", [])
    if of.kernel.get("enable_gpu") and workers and all(worker["gpu"] is None for worker in workers):
        return "the commit run on Kaggle saw no GPU: its workers were on the CPU"
    return ""


def hung(of: Submitted) -> str:
    return _told("hung", of.on_kaggle)


def fell_to_default(of: Submitted) -> str:
    for where, report in {"Kaggle's commit run": of.on_kaggle, "the rehearsed hidden run": of.hidden_case}.items():
        count = report.get("answered", {}).get("default", 0)
        if count:
            reasons = ", ".join(report.get("default_reasons", {})) or "; ".join(report.get("problems", []))
            return f"{where}: {count} of {report['rows']} rows got the default ({reasons or 'no reason given'})"
    return ""


def other_libraries(of: Submitted) -> str:
    """Return the versions by which Kaggle's run, or else the rehearsal, differs from the recorded image."""
    if of.on_kaggle:
        differ = _differ(of.on_kaggle.get("libraries", {}), of.image.packages)
        return f"Kaggle's image is not the recorded one: {differ}" if differ else ""
    differ = _differ(of.rehearsal.get("libraries", {}), of.image.packages)
    return f"rehearsed with other versions than Kaggle's image has: {differ}" if differ else ""


def old_image(of: Submitted, today: date) -> str:
    days = (today - of.image.date).days
    return f"the image was recorded {of.image.date}, {days} days ago" if days > OLD_DAYS else ""


def other_bundle(of: Submitted) -> str:
    ids = {"upload.json": of.upload.get("bundle_id"), "output/run_report.json": of.on_kaggle.get("bundle_id")}
    other = [f"{name} is of bundle {found}" for name, found in ids.items() if found and found != of.bundle_id]
    return f"{' and '.join(other)}, the marker says {of.bundle_id}" if other else ""


def other_sources(of: Submitted) -> str:
    """Return what Kaggle must mount, by the bundle's marker or the settings, and the notebook does not ask for."""
    wanted = {one["source"] for one in of.marker.get("mounted", [])}
    wanted |= {source for key in ("base_source", "embedder_source") if (source := of.submit.get(key))}
    wanted.add(of.submit["competition"])
    asked = {source for kind in ("dataset", "competition", "model") for source in of.kernel.get(f"{kind}_sources", [])}
    missing = ", ".join(sorted(wanted - asked))
    return f"kernel-metadata.json does not ask for {missing}" if missing else ""


def unrehearsed(of: Submitted) -> str:
    if not of.rehearsal:
        return "there is no rehearsal.json"
    if of.rehearsal.get("bundle_id") != of.bundle_id:
        return f"the rehearsal was of bundle {of.rehearsal.get('bundle_id')}, the marker says {of.bundle_id}"
    bad = [case["name"] for case in of.rehearsal.get("cases", []) if case.get("ended") != "as expected"]
    return f"did not end as expected in the rehearsal: {', '.join(bad)}" if bad else ""


def uploaded_halfway(of: Submitted) -> str:
    kernel = of.upload.get("kernel", {})
    if kernel.get("failed") and not kernel.get("complete"):
        return f"upload.json: notebook version {', '.join(map(str, kernel['failed']))} failed on Kaggle"
    if of.upload and "output" not in of.upload:
        return "upload.json: no output was fetched and looked at, so this was submitted by hand, or too early"
    return ""


def internet_on(of: Submitted) -> str:
    return "kernel-metadata.json has the internet on" if of.kernel.get("enable_internet", True) else ""


def gpu_memory_full(of: Submitted) -> str:
    most = max((worker.get("peak_gpu_bytes", 0) for worker in of.on_kaggle.get("workers", [])), default=0)
    if most > _NEAR * T4_BYTES:
        return f"the commit run on Kaggle held {sized(most)} of a T4's 15 GiB"
    return _told("out of memory", of.on_kaggle) or _told("out of memory", of.hidden_case)


def main_memory_full(of: Submitted) -> str:
    """Return it where all processes would fill the machine; the rehearsal's is measured on a CPU run, too."""
    report = of.on_kaggle or of.hidden_case
    each = report.get("peak_memory_bytes", 0)
    processes = 2 if of.kernel.get("enable_gpu") else of.submit.get("cpu_workers", 1)
    if each * processes <= _NEAR * _MAIN_MEMORY:
        return ""
    return f"a worker held {sized(each)} of main memory, and {processes} run at once in 31 GiB"


def problems_reported(of: Submitted) -> str:
    problems = of.on_kaggle.get("problems", [])
    return f"output/run_report.json: {'; '.join(problems)}" if problems else ""


def bad_output(of: Submitted) -> str:
    if fault := of.output_fault():
        return fault
    rows, wanted = of.on_kaggle.get("rows"), sum(of.on_kaggle.get("answered", {}).values())
    return f"output/run_report.json: {rows} rows, {wanted} of them answered" if rows != wanted and of.on_kaggle else ""


def large_bundle(of: Submitted) -> str:
    size = sum(entry["bytes"] for entry in of.marker["files"].values())
    return f"the bundle has {sized(size)}, and a notebook may write 20 GB" if size > 0.5 * 20e9 else ""


def _told(words: str, report: Mapping[str, Any]) -> str:
    """Return what a report says with these words among its problems, reasons and events."""
    said = [*report.get("problems", []), *report.get("default_reasons", {}), *report.get("events", {})]
    found = [one for one in said if words in one]
    return "; ".join(dict.fromkeys(found))


def _differ(found: Mapping[str, str], image: Mapping[str, str]) -> str:
    """Return the packages of which the image's exact version is known and another is found, local parts apart."""
    exact = {name: version for name, version in image.items() if not version.startswith(">=")}
    here = {canonicalize_name(name): version for name, version in found.items()}
    other = [
        f"{name} {here[name]} instead of {exact[name]}"
        for name in sorted(here.keys() & exact.keys())
        if Version(here[name]).public != Version(exact[name]).public
    ]
    return ", ".join(other)
