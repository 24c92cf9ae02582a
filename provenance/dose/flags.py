"""What the flags of dose events mean: the one list. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["FLAGS"]

FLAGS: Mapping[str, str] = MappingProxyType(
    {
        "cumulative_report": "a later report holds all events of an earlier one and replaces it",
        "events_without_kap": "some irradiation events give no kerma-area product, so their sum is too small",
        "field_area_implausible": "kerma-area product over reference kerma is no field area: is a unit wrong?",
        "kap_from_register": "the report has no kerma-area product, a register gave it",
        "kap_missing": "no kerma-area product: the dose is missing, not zero",
        "kap_per_weight_implausible": "the kerma-area product is not believed of a child of this weight",
        "kap_zero_despite_irradiation": "the kerma-area product is 0 though there was radiation: taken as missing",
        "number_negative": "a dose below zero was found and left out",
        "number_several": "a dose with several values was found and left out",
        "number_unreadable": "a dose that is no number was found and left out",
        "overlapping_reports": "two reports share some events: events were added, stated totals were not used",
        "parts_differ_from_total": "fluoroscopy and acquisition do not add up to the stated total",
        "patient_differs_from_exam": "report and cath-lab register name different patients",
        "patients_differ": "reports of one study name different patients: the dose is nobody's",
        "plane_a_missing": "plane A has no dose: the total is that of plane B alone",
        "plane_b_missing": "plane B has no dose, or a zero without events: the total is that of plane A alone",
        "register_differs_from_report": "report and register differ by more than 5 %; the report is used",
        "register_rows_disagree": "the register gives two values for one plane; the later is used",
        "report_without_event_uids": "a report without irradiation event UIDs cannot be told from others",
        "report_without_kap": "one of several reports gives no kerma-area product, so the total is too small",
        "same_uid_other_bytes": "one SOP instance UID came with two contents; the larger is used",
        "several_reports": "reports with different events were added",
        "start_missing": "the time of the examination is not known",
        "studies_share_events": "reports of two studies name the same irradiation events: taken as one examination",
        "total_differs_from_sum": "stated total and sum of events differ by more than 5 %; the total is used",
        "unit_inferred": "no unit was given; the one the study declares for the room was taken",
        "unit_missing": "no unit was given and none is declared: the number was not used",
        "unit_unknown": "the unit is in no table: the number was not used",
        "weight_implausible": "the report's body weight is not believed and was left out",
    }
)
