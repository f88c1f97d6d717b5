"""Reports in five formats. Each is a function of a report, which holds no secrets any more, and writes one text."""

from collections.abc import Callable
from enum import StrEnum

from sojourn.probe.outcome.baseline import Comparison
from sojourn.probe.outcome.report import Report
from sojourn.probe.reports import as_html, as_json, as_junit, as_sarif

Writer = Callable[[Report, Comparison], str]


class Format(StrEnum):
    """What a report can be written as; the ending of a file's name chooses it."""

    HTML = "html"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "xml"


WRITERS: dict[Format, Writer] = {
    Format.HTML: as_html.write,
    Format.JSON: as_json.write,
    Format.SARIF: as_sarif.write,
    Format.JUNIT: as_junit.write,
}
