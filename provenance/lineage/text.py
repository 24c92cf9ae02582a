"""An explanation as lines of text. Opens nothing."""

from __future__ import annotations

from collections.abc import Iterator

from provenance.lineage.story import DoseStory, Explanation, FileStory, LinkStory

__all__ = ["explanation_lines"]


def explanation_lines(story: Explanation) -> list[str]:
    """
    The story of a person, for a terminal.

    Args:
        story: From `explain`.
    """
    return list(_lines(story))


def _lines(story: Explanation) -> Iterator[str]:
    sure = "not linked" if story.link_probability is None else f"weakest accepted link p = {story.link_probability:.4f}"
    yield f"Person {story.person}: {sure}"
    yield ""
    yield f"Records ({len(story.records)})"
    for record in story.records:
        born = "year of birth unknown" if record.birth_year is None else f"born {record.birth_year}"
        yield f"  {record.record}  {record.side}, {record.source}, {record.sex}, {born}"
        yield from _files(record.files)
    yield ""
    yield f"Stays ({len(story.stays)})"
    for stay in story.stays:
        place = stay.hospital or "hospital unknown"
        yield f"  {stay.stay}  {stay.side}, {place}, {stay.admitted_on or '?'} to {stay.discharged_on or '?'}"
        yield from _files(stay.files)
    yield ""
    yield f"Links and rejected candidates ({len(story.links)})"
    for link in story.links:
        yield from _link(link)
    yield ""
    yield f"Dose events ({len(story.doses)})"
    for dose in story.doses:
        yield from _dose(dose)


def _link(link: LinkStory) -> Iterator[str]:
    yield f"  {link.pair_type}: {link.left} with {link.right}"
    yield (
        f"    {link.judgement} ({link.reason_code}): {link.match_weight:+.2f} bits, "
        f"p = {link.match_probability:.4f}, threshold {link.threshold:g}, proposed by {link.match_key}"
    )
    for level in link.levels:
        yield f"    {level.bits:+8.2f} bits  {level.level}"
    model = "unknown" if link.model_sha256 is None else f"{link.model_sha256[:12]}…"
    yield f"    model {model}, run {link.run or 'unknown'}"


def _dose(dose: DoseStory) -> Iterator[str]:
    kap = "KAP missing" if dose.kap_gycm2 is None else f"KAP {dose.kap_gycm2:.4g} Gy·cm²"
    flags = f" [{', '.join(dose.flags)}]" if dose.flags else ""
    yield f"  {dose.event}  {dose.performed_on or 'day unknown'}, {dose.room or 'room unknown'}, {kap}{flags}"
    if dose.estimate is None:
        yield "    no organ dose: missing, not zero"
    for organ in dose.organs:
        yield f"    {organ.organ}: {organ.mean_mgy:.3g} mGy (95 %: {organ.p025_mgy:.3g} to {organ.p975_mgy:.3g})"
    if dose.table is not None:
        yield f"    with {dose.table}" + (f" and calibration {dose.calibration}" if dose.calibration else "")
    yield from _files(dose.files)


def _files(files: tuple[FileStory, ...]) -> Iterator[str]:
    for place in files:
        yield f"    from {place.name} ({place.kind}), row {place.row}, sha256 {place.sha256[:12]}…"
