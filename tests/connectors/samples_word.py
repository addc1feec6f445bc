"""Word documents with what stands outside their body: footnotes, endnotes and charts; and with merged cells."""

from __future__ import annotations

import samples
from samples_office import member, repack

NOTES = '<?xml version="1.0"?><w:{kind}s {w}><w:{kind} w:type="separator" w:id="0"><w:p/></w:{kind}>{notes}</w:{kind}s>'
CHART = (
    '<?xml version="1.0"?><c:chartSpace xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><c:chart>{title}<c:plotArea><c:barChart>{series}</c:barChart>'
    "</c:plotArea></c:chart></c:chartSpace>"
)
TITLE = "<c:title><c:tx><c:rich><a:p><a:r><a:t>{}</a:t></a:r></a:p></c:rich></c:tx></c:title>"
_TYPE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def chart(title: str, ships: int) -> str:
    """A chart of two years with one number each."""
    points = '<c:ptCount val="2"/><c:pt idx="0"><c:v>{}</c:v></c:pt><c:pt idx="1"><c:v>{}</c:v></c:pt>'
    series = (
        '<c:ser><c:tx><c:strRef><c:strCache><c:pt idx="0"><c:v>Ships</c:v></c:pt></c:strCache></c:strRef></c:tx>'
        f"<c:cat><c:numRef><c:numCache>{points.format(2023, 2024)}</c:numCache></c:numRef></c:cat>"
        f"<c:val><c:numRef><c:numCache>{points.format(ships, ships + 1)}</c:numCache></c:numRef></c:val></c:ser>"
    )
    return CHART.format(title=TITLE.format(title), series=series)


def said(text: str, more: str = "") -> str:
    return f"<w:p><w:r><w:t>{text}</w:t>{more}</w:r></w:p>"


def with_parts(body: str, notes: dict[str, dict[int, str]], charts: list[str]) -> bytes:
    """A document; notes by kind and id, charts as relations c0, c1, ..."""
    data, relations, members = samples.docx(), [], {}
    for kind, texts in notes.items():
        inner = "".join(f'<w:{kind} w:id="{number}">{said(text)}</w:{kind}>' for number, text in texts.items())
        members[f"word/{kind}s.xml"] = NOTES.format(kind=kind, w=samples.W, notes=inner).encode()
        relations.append(f'<Relationship Id="n{kind}" Type="{_TYPE}/{kind}s" Target="{kind}s.xml"/>')
    for number, xml in enumerate(charts):
        members[f"word/charts/chart{number}.xml"] = xml.encode()
        relations.append(f'<Relationship Id="c{number}" Type="{_TYPE}/chart" Target="charts/chart{number}.xml"/>')
    rels = member(data, "word/_rels/document.xml.rels").replace(b"</Relationships>", "".join(relations).encode() + b"</Relationships>")
    document = f'<?xml version="1.0"?><w:document {samples.W}><w:body>{body}</w:body></w:document>'.encode()
    return repack(data, {**members, "word/_rels/document.xml.rels": rels, "word/document.xml": document})


def shown(number: int) -> str:
    """The drawing that shows a chart."""
    return (
        '<w:drawing><c:chart xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
        f'xmlns:r="{_TYPE}" r:id="c{number}"/></w:drawing>'
    )


def docx() -> bytes:
    """Notes out of order, one deleted, one in a table; two charts; cells merged both ways and a row that starts late."""
    cell = "<w:tc><w:tcPr>{}</w:tcPr>{}</w:tc>"
    wide = '<w:gridSpan w:val="2"/>'
    again, first = '<w:vMerge w:val="continue"/>', '<w:vMerge w:val="restart"/>'
    note = '<w:{}Reference w:id="{}"/>'.format
    table = (
        f"<w:tr>{cell.format('', said('Berth'))}{cell.format('', said('Depth'))}{cell.format('', said('Since'))}</w:tr>"
        f"<w:tr>{cell.format(first, said('North', note('footnote', 9)))}"
        f"{cell.format(wide, said('nine'))}</w:tr>"
        f"<w:tr>{cell.format(again, '<w:p/>')}{cell.format('', said('ten'))}{cell.format('', said('2024'))}</w:tr>"
        f'<w:tr><w:trPr><w:gridBefore w:val="2"/></w:trPr>{cell.format("", said("late"))}</w:tr>'
    )
    body = (
        said("The crane lifts forty tonnes.", note("footnote", 7) + note("endnote", 3))
        + f"<w:p><w:del><w:r>{note('footnote', 8)}</w:r></w:del><w:r><w:t>Kept.</w:t></w:r></w:p>"
        + f"<w:tbl>{table}</w:tbl>"
        + said("Ships by year:", shown(1) + shown(0) + shown(1))
        + said("Again.", note("footnote", 7))
    )
    notes = {"footnote": {7: "By its makers.", 8: "Struck out.", 9: "At low water."}, "endnote": {3: "Since 1980."}}
    return with_parts(body, notes, [chart("Ferries", 70), chart("Cutters", 12)])
