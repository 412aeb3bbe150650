# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The gate: every hostile file is kept out with its reason, fast and in little memory, and no good file is."""

from __future__ import annotations

import json
import os
import resource
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.messages import Speaker
from raw.contracts import Source
from raw.harvest import gate
from raw.harvest.gate import Unreadable, admit
from raw.harvest.grid import open_grids
from tests.raw import xls
from tests.raw.build import KISS, harvest_all, write_xlsx
from tests.raw.pdfs import pdf, stream

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SHEET = "xl/worksheets/sheet1.xml"
SECONDS, MEGABYTES = 5, 500
LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]><sst><si><t>&j;</t></si></sst>"
)
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><sst><si><t>&e;</t></si></sst>'


def parts(folder: Path) -> dict[str, bytes]:
    """A harmless workbook as the parts of its container."""
    with zipfile.ZipFile(write_xlsx(folder / "good.xlsx", {"Fälle & Orte": [["Gebiet", "Zahl"], ["01", 5]]})) as book:
        return {name: book.read(name) for name in book.namelist()}


def pack(path: Path, content: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in content.items():
            archive.writestr(zipfile.ZipInfo(name) if name.startswith("/") else name, part, zipfile.ZIP_DEFLATED)
    return path


def part(name: str, content: bytes) -> Callable[[Path], Path]:
    """A workbook with a part more, or another one in its place."""
    return lambda folder: pack(folder / "a.xlsx", {**parts(folder), name: content})


def rows(content: bytes) -> Callable[[Path], Path]:
    """A workbook whose sheet has further rows."""

    def make(folder: Path) -> Path:
        good = parts(folder)
        return pack(folder / "a.xlsx", good | {SHEET: good[SHEET].replace(b"</sheetData>", content + b"</sheetData>")})

    return make


def file(name: str, content: bytes | Callable[[], bytes]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content if isinstance(content, bytes) else content())
        return folder / name

    return make


def compound(*streams: str) -> bytes:
    """A compound file with empty streams of these names."""
    return xls.compound(dict.fromkeys(streams, b""))


def bomb(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "a.xlsx", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in parts(folder).items():
            if name != SHEET:
                archive.writestr(name, content)
        with archive.open(SHEET, "w") as sheet:
            for _ in range(60):
                sheet.write(bytes(1 << 20))
    return folder / "a.xlsx"


def doubled(folder: Path) -> Path:
    path = pack(folder / "a.xlsx", parts(folder))
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(SHEET, b"<worksheet/>")
    return path


def linked(folder: Path) -> Path:
    path = pack(folder / "a.xlsx", parts(folder))
    entry = zipfile.ZipInfo("xl/media/bild.png")
    entry.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(entry, "/etc/passwd")
    return path


def locked(folder: Path) -> Path:
    """A container whose parts say that they are encrypted."""
    content = bytearray(pack(folder / "a.xlsx", parts(folder)).read_bytes())
    place = content.find(b"PK\x01\x02")
    content[place + 8] |= 1
    return file("a.xlsx", bytes(content))(folder)


def truncated(folder: Path) -> Path:
    return file("a.xlsx", pack(folder / "b.xlsx", parts(folder)).read_bytes()[:-300])(folder)


def damaged_part(folder: Path) -> Path:
    """A part that unpacks to other bytes than its checksum says."""
    with zipfile.ZipFile(folder / "b.xlsx", "w") as archive:
        for name, content in parts(folder).items():
            archive.writestr(name, content)
    content = (folder / "b.xlsx").read_bytes()
    return file("a.xlsx", content.replace(b"<sheetData>", b"<sheetDatX>"))(folder)


def open_document(folder: Path) -> Path:
    row = b'<table:table-row table:number-rows-repeated="1000000"><table:table-cell office:value-type="float" '
    row += b'office:value="1" table:number-columns-repeated="16000"/></table:table-row>'
    return pack(folder / "a.ods", {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": row})


FORMULA = b'<row r="9"><c r="B9"><f>SUM(B2:B8)</f><v></v></c></row>'
ELSEWHERE = b'<row r="9"><c r="B9"><f>[1]Tabelle1!$A$1</f><v>4</v></c></row>'
WIDE_ROW = b'<row r="9">' + b"<c/>" * 1_000_000 + b"</row>"
HOSTILE: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "encrypted xlsx": ("encrypted", file("a.xlsx", compound("EncryptionInfo", "EncryptedPackage"))),
    "encrypted container": ("encrypted", locked),
    "macros": ("macros", part("xl/vbaProject.bin", b"x")),
    "macros of 1992": ("macros", part("xl/macrosheets/sheet1.xml", b"<x/>")),
    "macros in xls": ("macros", file("a.xls", compound("Workbook", "_VBA_PROJECT_CUR", "_VBA_PROJECT"))),
    "workbook in bytes": ("binary", part("xl/workbook.bin", b"x")),
    "external link": ("external_links", rows(ELSEWHERE)),
    "formula without result": ("no_value", rows(FORMULA)),
    "zip bomb": ("zip_bomb", bomb),
    "a thousand thousand parts": ("too_large", lambda f: pack(f / "a.xlsx", {f"xl/{n}": b"" for n in range(6000)})),
    "stray last cell": ("too_large", rows(b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')),
    "column beyond all": ("too_wide", rows(b'<row r="9"><c r="BDWGN9"><v>1</v></c></row>')),
    "row beyond all": ("too_wide", rows(b'<row r="99999999999999999999"><c><v>1</v></c></row>')),
    "a million cells without address": ("too_wide", rows(WIDE_ROW)),
    "a million columns in a text": ("too_wide", file("a.csv", lambda: b"a;" * 1_000_000 + b"\n1;2\n")),
    "forty megabytes in a line": ("too_wide", file("a.csv", lambda: b"a" * 40_000_000)),
    "forty million empty lines": ("too_large", file("a.csv", lambda: b"\n" * 40_000_000)),
    "forty million old line ends": ("too_large", file("a.csv", lambda: b"\r" * 40_000_000)),
    "a text without end": ("too_large", file("a.csv", lambda: b"a;b\n" * 20_000_000)),
    "tags that never end": ("too_wide", rows(b"<c " * 700_000)),
    "rows that never end": ("damaged", rows(b"<row " * 400_000)),
    "a formula of nothing but brackets": ("no_value", rows(b'<c r="A9"><f>' + b"[1]" * 300_000 + b"</f></c>")),
    "one tag full of blanks": ("damaged", rows(b"<c " + b" " * 3_000_000)),
    "billion laughs": ("xml_entities", part("xl/sharedStrings.xml", LAUGHS)),
    "external entity": ("xml_entities", part("xl/sharedStrings.xml", OUTSIDE)),
    "entity in UTF-16": ("xml_entities", part("xl/styles.xml", OUTSIDE.decode().encode("utf-16"))),
    "entity behind a megabyte": ("xml_entities", part("xl/styles.xml", b" " * 1_048_570 + OUTSIDE)),
    "path upwards": ("path_trick", part("xl/../../etc/x.xml", b"x")),
    "absolute path": ("path_trick", part("/etc/x.xml", b"x")),
    "path of another system": ("path_trick", part("..\\x.xml", b"x")),
    "part twice": ("path_trick", doubled),
    "part is a link": ("path_trick", linked),
    "truncated": ("damaged", truncated),
    "part damaged": ("damaged", damaged_part),
    "PDF of nothing": ("damaged", file("a.xlsx", b"%PDF-1.7 ...")),
    "PDF cut off": ("damaged", file("a.pdf", lambda: pdf([PAGE])[:-300])),
    "PDF with another end": ("damaged", file("a.pdf", lambda: pdf([PAGE])[:-300] + b"startxref\n9\n%%EOF\n")),
    "PDF without a page": ("damaged", file("a.pdf", lambda: pdf([PAGE] * 3).replace(b"/Count 3", b"/Count 4"))),
    "PDF with a damaged page": ("damaged", file("a.pdf", lambda: broken(pdf([PAGE])))),
    "PDF with a password": ("encrypted", file("a.pdf", lambda: pdf([PAGE], trailer=b"/Encrypt 5 0 R "))),
    "PDF with a script": ("active_content", file("a.pdf", lambda: pdf([PAGE], b"<< /S /JavaScript /JS (1) >>"))),
    "PDF with a hidden script": ("active_content", file("a.pdf", lambda: pdf([PAGE], b"<< /J#61vaScript 1 0 R >>"))),
    "PDF with a packed script": (
        "active_content",
        file("a.pdf", lambda: pdf([PAGE], stream(b"9 0 << /S /JavaScript >>", b"/Type /ObjStm /N 1 /First 4 "))),
    ),
    "PDF with an attachment": (
        "active_content",
        file("a.pdf", lambda: pdf([PAGE], catalogue=b"/Names << /EmbeddedFiles 9 0 R >> ")),
    ),
    "PDF that starts a program": ("active_content", file("a.pdf", lambda: pdf([PAGE], b"<< /S /Launch /F (a.exe) >>"))),
    "PDF of thousands of pages": ("too_large", file("a.pdf", lambda: pdf([b""] * 3_000))),
    "PDF of a million objects": ("too_large", file("a.pdf", lambda: pdf([PAGE], *[b"0"] * 300_000))),
    "PDF with a huge page": ("zip_bomb", file("a.pdf", lambda: pdf([b"0 0 m\n" * 9_000_000]))),
    "PDF packed twice": (
        "zip_bomb",
        file(
            "a.pdf",
            lambda: pdf([PAGE], stream(zlib.compress(bytes(99_000_000), 9), b"/Filter [/FlateDecode /FlateDecode] ")),
        ),
    ),
    "PDF of many huge parts": ("too_large", file("a.pdf", lambda: pdf([PAGE], *[stream(bytes(30_000_000))] * 12))),
    "PDF full of lines": ("too_large", file("a.pdf", lambda: pdf([b"1 1 m 9 9 l S\n" * 30_000]))),
    "PDF without text": ("no_text", file("a.pdf", lambda: pdf([b"1 1 m 9 9 l S\n"]))),
    "map": ("not_a_table", file("a.geojson", b'{"type": "FeatureCollection", "features": []}')),
    "program": ("not_a_table", file("a.xlsx", b"MZ\x90\x00\x03" + bytes(200))),
    "letter": ("not_a_table", file("a.xls", compound("WordDocument"))),
    "web page": ("markup", file("a.xls", b"\xef\xbb\xbf\r\n<html><table><tr><td>1</td></tr></table></html>")),
    "XML of 2003": ("markup", file("a.xls", b'<?xml version="1.0"?><Workbook/>')),
    "rows that repeat": ("too_large", open_document),
}

PAGE = b"BT /F1 8 Tf 9 9 Td (a) Tj ET"


def broken(content: bytes) -> bytes:
    """A PDF in which one byte of a packed page is another one."""
    place = content.index(b"stream\n") + 12
    return content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :]


GUARDED = """
import json, resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
from raw.harvest.gate import Unreadable
from raw.harvest.grid import open_grids
import time
def spent():
    child = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + child.ru_utime + child.ru_stime
found = {}
for name in sys.argv[1:]:
    began = spent()
    try:
        open_grids(Path(name))
        reason = None
    except Unreadable as error:
        reason = error.reason
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) // 1024
    found[name] = [reason, spent() - began, peak]
print(json.dumps(found))
"""


def test_every_hostile_file_is_kept_out_in_seconds_and_little_memory(tmp_path: Path) -> None:
    files = {}
    for number, (_, make) in enumerate(HOSTILE.values()):
        folder = tmp_path / str(number)
        folder.mkdir()
        files[str(make(folder))] = list(HOSTILE)[number]

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))

    done = subprocess.run(
        [sys.executable, "-c", GUARDED, *files], capture_output=True, text=True, timeout=120, preexec_fn=limit,
        env={**os.environ, "PYTHONPATH": str(Path(gate.__file__).parents[2])}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found = {files[name]: result for name, result in json.loads(done.stdout).items()}
    assert {name: result[0] for name, result in found.items()} == {name: why for name, (why, _) in HOSTILE.items()}
    assert {name: result for name, result in found.items() if result[1] > SECONDS or result[2] > MEGABYTES} == {}


def test_each_reason_has_its_words_in_both_languages() -> None:
    for language in ("de", "en"):
        sentences = {Speaker(language)(f"reason.{reason}") for reason, _ in HOSTILE.values()}
        assert len(sentences) == len({reason for reason, _ in HOSTILE.values()})


def test_the_place_of_a_bad_formula_is_named_as_people_name_it(tmp_path: Path) -> None:
    with pytest.raises(Unreadable) as raised:
        admit(rows(FORMULA)(tmp_path))
    assert raised.value.detail == "Fälle & Orte!B9"


@pytest.mark.parametrize(
    "content",
    [
        b'<row r="9"><c r="B9"><f>SUM(B2:B8)</f><v>5</v></c></row>',
        b'<row r="9"><c r="B9" t="str"><f>IF(A1,"","x")</f><v></v></c></row>',
        b'<row r="9"><c r="B9"><f t="shared" si="0"/><v>0</v></c><c r="C9" s="3"/></row>',
        b"<row><c><v>1</v></c><c><v>2</v></c></row>",
    ],
)
def test_what_a_good_workbook_may_hold_is_read(tmp_path: Path, content: bytes) -> None:
    assert len(open_grids(rows(content)(tmp_path))[0].rows) >= 3


def test_cells_are_seen_also_where_two_pieces_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = b"".join(b'<row r="%d"><c r="A%d"><f>1+1</f><v>2</v></c></row>' % (n, n) for n in range(3, 400))
    for piece in (257, 300, 1024):
        monkeypatch.setattr(gate, "_PIECE", piece)
        assert admit(rows(many)(tmp_path)) == "workbook"
        with pytest.raises(Unreadable) as raised:
            admit(rows(many + FORMULA.replace(b"9", b"400"))(tmp_path))
        assert raised.value.detail.endswith("!B400")


def test_a_refused_file_is_quarantined_and_the_others_are_read(tmp_path: Path, sources: dict[str, Source]) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    rows(FORMULA)(tmp_path).rename(inbox / "formel.xlsx")
    found = harvest_all(tmp_path, sources, KISS)
    assert [len(file.faults) for file in found["t_kiss"].files] == [0]
    claims = json.loads((tmp_path / "lake" / "observations" / "claims.json").read_text("utf-8"))["claims"]
    refused = [entry for entry in claims.values() if entry["reason"]]
    assert [(entry["reason"], entry["detail"]) for entry in refused] == [("no_value", "Fälle & Orte!B9")]


def test_properties_of_a_document_are_stored_nowhere_but_in_its_own_bytes(
    tmp_path: Path, sources: dict[str, Source]
) -> None:
    (tmp_path / "inbox").mkdir()
    path = KISS.write(tmp_path / "inbox")
    with zipfile.ZipFile(path) as book:
        content = {name: book.read(name) for name in book.namelist()}
    core = content["docProps/core.xml"]
    content["docProps/core.xml"] = core.replace(b"<dc:creator>", b"<dc:creator>Erika Kanarienvogel")
    assert content["docProps/core.xml"] != core
    pack(path, content)
    harvest_all(tmp_path, sources)
    stored = [p for p in (tmp_path / "lake").rglob("*") if p.is_file() and "snapshots" not in p.parts]
    assert any(p.suffix == ".parquet" for p in stored)
    assert [p.name for p in stored if b"Kanarienvogel" in p.read_bytes()] == []


def test_the_gate_costs_little(tmp_path: Path) -> None:
    """A sheet of 200,000 cells is looked through faster than it is read."""
    path = write_xlsx(tmp_path / "a.xlsx", {"B": [[n + c for c in range(20)] for n in range(10_000)]})
    times = {}
    for name, work in (("gate", admit), ("read", open_grids)):
        began = time.process_time()
        work(path)
        times[name] = time.process_time() - began
    assert times["gate"] < times["read"]


@pytest.mark.parametrize(
    "piece",
    [
        b'<row r="1"><c r="A1"><v>1</v></c><c r="AB1" s="3" t="s"><v>2</v></c></row><row r="70"/>',
        b'<cols><col min="1"/></cols><row r="9"></row><rowBreaks/><conditionalFormatting/>',
        b'<row r="1048576"><c r="XFD1048576"/></row>',
        b"",
        b'<c r="B2"/><c r="C1"/><c r="A10"/>',
    ],
)
def test_what_is_counted_fast_is_counted_right(piece: bytes) -> None:
    assert gate._counted(piece) == gate._counted_by_pattern(piece)


@pytest.mark.parametrize(
    "piece",
    [
        b'<c s="1" r="A1"/>',
        b"<c><v>1</v></c>",
        b'<x:c r="A1"/>',
        b'<c\tr="A1"/>',
        b'<c r="a1"/>',
        b'<c r="1"/>',
        b'<c r="ABCD1"/>',
        b'<c r="A12345678"/>',
        b'<c r="A1',
        b'<row spans="1:2" r="7"/>',
        b"<row/>",
    ],
)
def test_what_is_written_in_another_way_is_left_to_the_patterns(piece: bytes) -> None:
    assert gate._counted(piece) is None


@pytest.mark.parametrize(("column", "reason"), [(60_000, "damaged"), (255, None)])
def test_an_old_workbook_with_a_cell_far_outside_is_not_opened(
    tmp_path: Path, shared_data: Path, column: int, reason: str | None
) -> None:
    """A damaged number of a column would make the reader fill the memory with empty cells."""
    content = bytearray(next((shared_data / "data").rglob("jt060124.xls")).read_bytes())
    label = struct.pack("<HH", 0xFD, 10)  # a cell with a text of the common table, whose data are ten bytes long
    at = content.index(label)
    struct.pack_into("<H", content, at + len(label) + 2, column)
    path = tmp_path / "alt.xls"
    path.write_bytes(content)
    if reason is None:
        assert admit(path) == "workbook"
        return
    with pytest.raises(Unreadable, match=reason):
        admit(path)
