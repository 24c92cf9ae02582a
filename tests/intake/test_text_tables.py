"""Delivered text files, friendly and hostile."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph_schema.delivery import SourceMissing, TextFormat, find_files, read_text_table
from graph_schema.errors import ExitCode, SourceFileError

here = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)


def rows_of(found):
    return [tuple(row.values()) for row in found.table.to_pylist()]


def reasons_of(found):
    return [(reject.row, reject.reason) for reject in found.rejects]


def test_leading_zeros_and_umlauts_survive_in_utf8(read):
    found = read("a;b\n007;Müller\n".encode())
    assert rows_of(found) == [("007", "Müller", 2)]
    assert (found.encoding, found.separator, found.n_rows) == ("utf-8", ";", 1)


def test_cp1252_is_detected_and_reported(read):
    found = read("a,b\n007,Müller – €\n".encode("cp1252"))
    assert rows_of(found) == [("007", "Müller – €", 2)]
    assert (found.encoding, found.separator) == ("cp1252", ",")


def test_a_byte_order_mark_is_no_part_of_the_first_header(read):
    assert rows_of(read(b"\xef\xbb\xbfa;b\r\n1;2\r\n")) == [("1", "2", 2)]


def test_crlf_lf_and_a_missing_last_line_end_read_alike(read):
    expected = [("1", "2", 2), ("3", None, 3)]
    assert rows_of(read(b"a;b\r\n1;2\r\n3;\r\n")) == expected
    assert rows_of(read(b"a;b\n1;2\n3;\n")) == expected
    assert rows_of(read(b"a;b\n1;2\n3;")) == expected
    assert rows_of(read(b"a;b\r1;2\r3;\r")) == expected


def test_a_quoted_field_may_hold_separators_quotes_and_line_breaks(read):
    found = read(b'a;b\n"x;y";"he said ""no"""\n"first\nsecond";2\n3;4\n')
    assert rows_of(found) == [("x;y", 'he said "no"', 2), ("first\nsecond", "2", 3), ("3", "4", 5)]
    assert found.rejects == ()


def test_an_unclosed_quote_costs_its_own_line_only(read):
    found = read(b'a;b\n1;2\n"3;4\n5;6\n"7";"8"\n9;10\n')
    assert [row[2] for row in rows_of(found)] == [2, 4, 5, 6]
    assert reasons_of(found) == [(3, "a quote is not closed, or stands inside a quoted field")]


def test_an_unclosed_quote_in_the_last_line_is_a_reject(read):
    found = read(b'a;b\n1;2\n"3;4')
    assert rows_of(found) == [("1", "2", 2)]
    assert reasons_of(found) == [(3, "a quote is not closed")]


def test_a_carriage_return_inside_a_line_does_not_end_the_record(read):
    assert rows_of(read(b"a;b\nx\ry;2\n3;4\n")) == [("x\ry", "2", 2), ("3", "4", 3)]


def test_a_quote_inside_an_unquoted_field_is_text(read):
    assert rows_of(read(b'a;b\n5" sheath;2\n')) == [('5" sheath', "2", 2)]


def test_a_line_with_another_number_of_fields_is_a_reject_and_the_rest_is_kept(read):
    found = read(b"a;b\n1;2\n3\n4;5;6\n\n7;8\n")
    assert rows_of(found) == [("1", "2", 2), ("7", "8", 6)]
    assert reasons_of(found) == [
        (3, "number of fields is 1, the header has 2"),
        (4, "number of fields is 3, the header has 2"),
    ]
    assert found.n_rows == 4


def test_a_line_with_a_nul_byte_is_a_reject(read):
    found = read(b"a;b\n1;2\n3;\x004\n5;6\n")
    assert reasons_of(found) == [(3, "holds a NUL byte")]
    assert [row[2] for row in rows_of(found)] == [2, 4]


def test_a_damaged_line_in_a_utf8_file_is_a_reject(read):
    found = read("a;b\nü;2\n".encode() + b"\xfc;3\n" + "ß;4\n".encode())
    assert [row[2] for row in rows_of(found)] == [2, 4]
    assert reasons_of(found) == [(3, "the bytes are not UTF-8, unlike the rest of the file")]


def test_one_byte_of_no_encoding_costs_its_line_and_not_the_file(read):
    found = read(b"a;b\n" + b"1;x\n" * 30 + b"2;\x81\n3;y\n")
    assert reasons_of(found) == [(32, "the bytes are not CP1252, unlike the rest of the file")]
    assert found.n_rows == 32
    assert found.table["a"].to_pylist() == ["1"] * 30 + ["3"]


def test_a_file_in_an_old_dos_code_is_refused(read):
    with pytest.raises(SourceFileError, match="row 2: expected UTF-8 or CP1252 text"):
        read("a;b\n1;M\u00fcller\n2;x\n".encode("cp850"))


def test_declared_utf8_that_is_cp1252_names_the_row(read):
    with pytest.raises(SourceFileError, match=r"row 3: expected UTF-8 text as declared") as error:
        read("a;b\n1;2\nü;3\n".encode("cp1252"), encoding="utf-8")
    assert error.value.exit_code is ExitCode.SOURCE_FILE


def test_declared_cp1252_that_is_utf8_names_the_row(read):
    with pytest.raises(SourceFileError, match=r"row 2: expected CP1252 text as declared"):
        read("a;b\nü;3\n".encode(), encoding="cp1252")


def test_utf16_is_refused_by_name(read):
    with pytest.raises(SourceFileError, match="UTF-16"):
        read("a;b\n1;2\n".encode("utf-16"))


def test_a_byte_of_no_encoding_names_the_row(read):
    with pytest.raises(SourceFileError, match=r"row 2: expected UTF-8 or CP1252 text"):
        read(b"a;b\n\x81;1\n")


@pytest.mark.parametrize("raw", [b"", b"\n\n", b"\xef\xbb\xbf"], ids=["no byte", "blank lines", "only a mark"])
def test_an_empty_file_is_an_error(read, raw):
    with pytest.raises(SourceFileError, match="expected a"):
        read(raw)


def test_a_zip_archive_is_told_to_be_unpacked(read):
    with pytest.raises(SourceFileError, match="a zip archive: unpack it first"):
        read(b"PK\x03\x04rest")


def test_a_file_of_headers_only_has_no_rows(read):
    found = read(b"a;b\n")
    assert (found.n_rows, found.table.column_names) == (0, ["a", "b", "row"])


def test_a_missing_column_lists_the_headers_and_suggests_the_nearest(read):
    with pytest.raises(SourceFileError) as error:
        read(b"insurant;birth_yaer;sex\n1;2;3\n", required=("sex", "birth_year"))
    assert str(error.value) == (
        "delivery.csv, row 1: expected a column 'birth_year', perhaps 'birth_yaer'. "
        "Headers found: 'insurant', 'birth_yaer', 'sex'. Map other headers under `columns` in the study file"
    )


def test_a_first_line_that_is_a_record_is_not_shown(read):
    with pytest.raises(SourceFileError) as error:
        read(b"V17308648;Anna;Schmidt\n", required=("insurant_id", "birth_year"))
    assert "Schmidt" not in str(error.value)
    assert "V17308648" not in str(error.value)


def test_a_header_that_stands_twice_is_an_error_only_where_it_is_wanted(read):
    with pytest.raises(SourceFileError, match="one column 'b', but there are 2"):
        read(b"a;b;b\n1;2;3\n")
    assert rows_of(read(b"a;b;x;x\n1;2;3;4\n")) == [("1", "2", 2)]


def test_headers_are_mapped_and_found_in_any_case(read):
    found = read(b"FALLNR;B\n1;2\n", columns={"a": "Fallnr"})
    assert rows_of(found) == [("1", "2", 2)]


def test_an_optional_column_that_is_not_there_is_left_out(read):
    assert read(b"a;b\n1;2\n", optional=("c",)).table.column_names == ["a", "b", "row"]


def test_a_parquet_file_reads_like_its_csv(tmp_path):
    table = pa.table({"a": ["007", None], "b": pa.array([17.0, None]), "c": pa.array([0.5, 12.0])})
    pq.write_table(table, tmp_path / "x.parquet")
    found = read_text_table(
        tmp_path / "x.parquet", format=TextFormat(decimal=","), required=("a", "b"), optional=("c",)
    )
    assert rows_of(found) == [("007", "17", "0,5", 2), (None, None, "12", 3)]
    assert found.encoding == "parquet"


def test_a_truncated_parquet_file_is_an_error(tmp_path):
    pq.write_table(pa.table({"a": ["1"] * 1000}), tmp_path / "x.parquet")
    raw = (tmp_path / "x.parquet").read_bytes()
    (tmp_path / "x.parquet").write_bytes(raw[: len(raw) // 2])
    with pytest.raises(SourceFileError, match="a whole Parquet file"):
        read_text_table(tmp_path / "x.parquet", format=TextFormat(), required=("a",))


def test_a_missing_file_names_the_nearest_folder_that_exists(tmp_path):
    with pytest.raises(SourceMissing, match="the nearest folder that exists is") as error:
        find_files("deliveries/north/stays.csv", base=tmp_path)
    assert error.value.exit_code is ExitCode.SOURCE_MISSING


def test_a_pattern_that_matches_nothing_is_an_error(tmp_path):
    with pytest.raises(SourceMissing, match="no file matches"):
        find_files("stays_*.csv", base=tmp_path)


def test_an_empty_folder_is_an_error(tmp_path):
    with pytest.raises(SourceMissing, match="holds no file"):
        find_files(".", base=tmp_path)


def test_files_come_in_the_order_of_their_paths_and_hidden_ones_are_left_out(tmp_path):
    for name in ("b.csv", "a.csv", ".hidden.csv"):
        (tmp_path / name).write_text("x")
    assert [path.name for path in find_files(tmp_path, base=Path("/nowhere"))] == ["a.csv", "b.csv"]
    assert [path.name for path in find_files("*.csv", base=tmp_path)] == [".hidden.csv", "a.csv", "b.csv"]


def test_a_million_rows_keep_their_row_numbers(read):
    lines = [b"a;b"] + [b"%07d;x" % n for n in range(1_000_000)]
    lines[500_000] = b"broken"
    found = read(b"\n".join(lines))
    assert (found.n_rows, found.table.num_rows) == (1_000_000, 999_999)
    assert reasons_of(found) == [(500_001, "number of fields is 1, the header has 2")]
    assert found.table.slice(999_998).to_pylist() == [{"a": "0999999", "b": "x", "row": 1_000_001}]


field = st.text(st.characters(codec="utf-8", exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=6)


@here
@given(st.lists(st.tuples(field, field), max_size=8), st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
def test_whatever_a_csv_writer_writes_is_read_back(read, records, quoting):
    stream = io.StringIO()
    csv.writer(stream, delimiter=";", quoting=quoting, lineterminator="\n").writerows([("a", "b"), *records])
    found = read(stream.getvalue().encode())
    assert found.rejects == ()
    assert [row[:2] for row in rows_of(found)] == [
        tuple(part.strip(BLANKS) or None for part in record) for record in records
    ]


BLANKS = "".join(chr(n) for n in range(0x110000) if chr(n).isspace()) + "\x1c\x1d\x1e\x1f"


@here
@given(st.binary(max_size=60))
def test_every_line_of_any_bytes_is_a_record_or_a_reject(read, body):
    try:
        found = read(b"a;b\n1;2\n" + body)
    except SourceFileError:
        return
    assert found.n_rows == found.table.num_rows + len(found.rejects)
    rows = found.table["row"].to_pylist()
    assert rows == sorted(set(rows))
    assert not set(rows) & {reject.row for reject in found.rejects}


@here
@given(st.lists(st.sampled_from([b"1;2", b'"1;2', b'"1";2', b'1;"2"3', b'""";2', b"1", b"", b'"a\nb";2']), max_size=9))
def test_a_broken_line_never_costs_a_plain_line_without_quotes_around(read, lines):
    clean = [b"7;8"] * 3
    found = read(b"\n".join([b"a;b", *clean, *lines]) + b"\n")
    assert rows_of(found)[:3] == [("7", "8", 2), ("7", "8", 3), ("7", "8", 4)]
