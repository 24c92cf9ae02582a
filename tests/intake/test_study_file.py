"""The study file and what is said about its mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from doselink.study import StudyFileError, read_study, source_files
from doselink.study.template import AlreadyThere, write_template
from graph_schema.delivery import SourceMissing
from graph_schema.errors import ExitCode

SMALL = """\
study: small
hospitals:
  - {name: north, iks: ["260326822"]}
sources:
  - name: insurer
    kind: claims
    path: claims
"""

TOP_KEYS = "study, seed, graph, permits, hospitals, sources, tables, rooms, linkage, dose, cohorts, evaluation"
SOURCE_KEYS = "encoding, separator, decimal, columns, name, kind, hospital, permit, path, files, placeholders"


@pytest.fixture
def study(tmp_path):
    def read(text: str):
        path = tmp_path / "study.yaml"
        path.write_text(text, encoding="utf-8")
        return read_study(path)

    return read


def mistakes(study, text):
    with pytest.raises(StudyFileError) as error:
        study(text)
    assert error.value.exit_code is ExitCode.STUDY_FILE
    return [str(problem) for problem in error.value.problems]


def test_a_small_study_is_read_with_defaults(study, tmp_path):
    found = study(SMALL)
    assert (found.study, found.seed, found.graph.url, found.base) == ("small", 1, "embedded", tmp_path.resolve())
    assert found.hospital_of_ik == {"260326822": "north"}


def test_all_mistakes_are_told_at_once_with_line_key_and_expectation(study):
    text = (
        SMALL.replace("study: small", "sudy: small") + "    seperator: ;\nlinkage: {stays: {accept_probability: 2}}\n"
    )
    assert mistakes(study, text) == [
        "line 1, study: this key is required (Name of the study)",
        "line 1, sudy: unknown key, perhaps 'study'; expected one of " + TOP_KEYS,
        "line 8, sources[0].seperator: unknown key, perhaps 'separator'; expected one of " + SOURCE_KEYS,
        "line 9, linkage.stays.accept_probability: expected less than 1 (Pairs at or above are linked)",
    ]


def test_a_name_that_is_not_listed_suggests_the_nearest(study):
    text = SMALL + "  - {name: kis, kind: section21, hospital: nroth, path: x}\n"
    assert mistakes(study, text) == [
        "line 8, sources[1].hospital: expected a name listed under `hospitals` (north); perhaps 'north'"
    ]


def test_a_unit_of_a_room_that_does_not_exist_is_refused_before_the_run(study):
    (found,) = mistakes(study, SMALL + "rooms:\n  - {hospital: north, room: Lab 1, kap_unit: furlong}\n")
    assert found.startswith("line 9, rooms[0].kap_unit: expected a unit of kerma-area product, one of Gy.cm2, dGy.cm2")


def test_two_sources_whose_case_numbers_could_collide_are_refused(study):
    text = SMALL + "  - {name: other, kind: claims, path: b}\n"
    assert mistakes(study, text) == [
        "line 8, sources[1]: expected one source of kind claims: list these files under source insurer"
    ]
    lab = "  - {{name: {}, kind: cath_lab, hospital: north, path: b}}\n"
    assert mistakes(study, SMALL + lab.format("one") + lab.format("two")) == [
        "line 9, sources[2]: expected one source of kind cath_lab for north: list these files under source one"
    ]


def test_a_key_that_stands_twice_is_refused(study):
    assert mistakes(study, "study: a\n" + SMALL) == [
        "line 2, study: expected this key once, but it already stands on line 1"
    ]


def test_a_syntax_error_names_its_line(study):
    assert mistakes(study, "study: x\nsources: [\n")[0].startswith("line 3: not YAML")


def test_an_anchor_that_holds_itself_ends(study):
    assert mistakes(study, "study: &a [*a]\n") == ["line 1: not YAML: an anchor that holds itself"]


def test_an_empty_file_says_where_to_start(study):
    assert mistakes(study, "") == ["line 1: expected keys such as `study:` and `sources:`; see `doselink init`"]


def test_a_file_that_is_not_there_says_how_to_make_one(tmp_path):
    with pytest.raises(StudyFileError, match="make one with `doselink init DIR`"):
        read_study(tmp_path / "study.yaml")


def test_a_file_in_another_encoding_names_the_line(tmp_path):
    (tmp_path / "study.yaml").write_bytes("study: a\n# Klinik für Kinder\n".encode("cp1252"))
    with pytest.raises(StudyFileError, match=r"line 2: expected UTF-8 text"):
        read_study(tmp_path / "study.yaml")


@pytest.mark.parametrize("ik", ["012345678", '"012345678"'])
def test_a_leading_zero_of_an_institution_number_is_kept(study, ik):
    assert study(SMALL.replace('"260326822"', ik)).hospitals[0].iks == ("012345678",)


def test_words_that_yaml_1_1_takes_for_booleans_stay_words(study):
    assert study(SMALL.replace("study: small", "study: no")).study == "no"


def test_a_table_that_the_kind_has_not_is_refused(study):
    text = SMALL.replace("path: claims", "files: {insurants: {path: a}, stay: {path: b}}")
    found = mistakes(study, text)
    assert found[0] == "line 7, sources[0].files: expected also the table stays"
    assert found[1].startswith("line 7, sources[0].files.stay: unknown key, perhaps 'stays'")


def test_a_column_mapped_under_a_role_that_does_not_exist_is_refused(study):
    files = "files: {insurants: {path: a, columns: {insurant: X}}, stays: {path: b, columns: {case_id: Fall}}}"
    found = mistakes(study, SMALL.replace("path: claims", files))
    place = "line 7, sources[0].files.insurants.columns.insurant"
    wanted = "unknown key, perhaps 'insurant_id'; expected one of insurant_id, birth_year, sex, region"
    assert found == [f"{place}: {wanted}"]


def test_periods_of_a_room_must_not_overlap(study):
    text = SMALL + (
        "rooms:\n  - {hospital: north, room: A, valid_to: 2015-01-01}\n"
        "  - {hospital: north, room: A, valid_from: 2015-01-01}\n  - {hospital: north, room: A}\n"
    )
    assert mistakes(study, text) == ["line 11, rooms[2]: expected a period that no other entry of this room covers"]


def test_the_digest_does_not_depend_on_where_study_and_graph_are(study, tmp_path):
    here = study(SMALL)
    other = tmp_path / "other"
    other.mkdir()
    (other / "study.yaml").write_text(SMALL + "graph: {url: 'bolt://localhost:7687'}\n")
    assert read_study(other / "study.yaml").digest == here.digest
    assert study(SMALL + "seed: 2\n").digest != here.digest


def test_a_folder_of_claims_is_taken_apart_by_names(study, tmp_path):
    (tmp_path / "claims").mkdir()
    for name in ("insurants.csv", "STAYS_2020.csv", "stays-2019.csv", "stayssummary.csv", "notes.pdf"):
        (tmp_path / "claims" / name).write_text("x")
    found = study(SMALL)
    files = [(file.table, file.path.name) for file in source_files(found, found.sources[0])]
    assert files == [("insurants", "insurants.csv"), ("stays", "STAYS_2020.csv"), ("stays", "stays-2019.csv")]


def test_a_folder_without_a_required_table_is_an_error(study, tmp_path):
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims" / "insurants.csv").write_text("x")
    found = study(SMALL)
    with pytest.raises(SourceMissing, match="holds no file for table stays"):
        source_files(found, found.sources[0])


def test_only_a_name_spelled_out_in_the_study_file_is_kept(study, tmp_path):
    for name in ("Mueller_Anna.csv", "list.csv"):
        (tmp_path / name).write_text("x")
    text = SMALL + "  - {name: lab, kind: cath_lab, hospital: north, path: [list.csv, 'M*.csv']}\n"
    found = study(text)
    files = source_files(found, found.sources[1])
    assert [file.label("lab", "ab" * 32) for file in files] == ["list.csv", "lab/abababababab"]


def test_the_template_is_a_valid_study_and_is_never_overwritten(tmp_path):
    path = write_template(tmp_path / 'a "new" study')
    assert read_study(path).study == 'a "new" study'
    before = path.read_bytes()
    with pytest.raises(AlreadyThere, match="is not overwritten"):
        write_template(path.parent)
    assert path.read_bytes() == before


def test_the_committed_fixture_is_a_valid_study():
    assert read_study(Path(__file__).parents[2] / "fixtures" / "tiny" / "study.yaml").study == "tiny"
