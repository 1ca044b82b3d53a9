"""A report as one page of HTML that needs nothing else: figures lie in it, and nothing is fetched."""

from base64 import b64encode
from html import escape
from io import BytesIO

import numpy as np
from matplotlib.figure import Figure

from pipelines.checking import Finding, Report, VariableSummary
from stforecast.checking.figures import (
    plot_histograms,
    plot_missing,
    plot_missing_maps,
    plot_times,
)
from stforecast.checking.numbers import short_number

__all__ = ["as_html"]

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #22262b; max-width: 62rem; margin: 2rem auto;
       padding: 0 1rem; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere } h2 { font-size: 1.15rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100%; font-size: .9rem }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem;
         border-bottom: 1px solid #e6e8eb }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.error { color: #b3261e; font-weight: 600 } .warning { color: #a35b00; font-weight: 600 }
.note { color: #6b7178 } .faint { color: #6b7178; font-size: .85rem }
code { font-size: .85rem } img { max-width: 100%; height: auto; display: block; margin: 1rem 0 }
"""


def as_html(report: Report) -> str:
    """The page of a report."""
    counts = ", ".join(
        f"{sum(each.severity == kind for each in report.findings)} {kind}s"
        for kind in ("error", "warning", "note")
    )
    parts = [
        f"<h1>{escape(str(report.path))}</h1>",
        f"<p>{len(report.files)} file(s), {report.bytes_read / 1e6:,.0f} MB of values read: "
        f"{counts}.</p>",
        "<h2>Findings</h2>",
        _findings(report.findings),
    ]
    if report.variables:
        parts += ["<h2>Variables</h2>", _variables(list(report.variables.values()))]
        figures = {
            "when each variable has frames": plot_times(report),
            "missing values by time": plot_missing(report),
            "missing values by place": plot_missing_maps(report),
            "how values are spread": plot_histograms(report),
        }
        parts += [_image(figure, text) for text, figure in figures.items() if figure is not None]
    return (
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
        f"<title>stforecast check: {escape(report.path.name)}</title>"
        f"<style>{_STYLE}</style></head>\n<body>\n" + "\n".join(parts) + "\n</body>\n</html>\n"
    )


def _findings(findings: tuple[Finding, ...]) -> str:
    if not findings:
        return "<p>Nothing is wrong.</p>"
    rows = []
    for each in findings:
        text = escape(each.message)
        if each.further_examples:
            text += f'<br><span class="faint">{escape("; ".join(each.further_examples))}</span>'
        if each.way_out:
            text += f'<br><span class="faint">Way out: {escape(each.way_out)}</span>'
        rows.append(
            f'<tr><td class="{each.severity}">{each.severity}</td><td><code>{each.code}</code></td>'
            f"<td>{text}</td><td>{'yes' if each.fixable else 'no'}</td></tr>"
        )
    head = "<tr><th>Severity</th><th>Code</th><th>What</th><th>--fix mends it</th></tr>"
    return f"<table>{head}{''.join(rows)}</table>"


def _variables(variables: list[VariableSummary]) -> str:
    names = ("Variable", "Units in files", "Units here", "Frames", "First", "Last")
    numbers = ("Missing", "Least", "Mean", "Greatest", "In nature")
    head = "".join(f"<th>{name}</th>" for name in names)
    head += "".join(f'<th class="number">{name}</th>' for name in numbers)
    rows = []
    for each in variables:
        times = [str(time)[:16] for time in each.times[[0, -1]].astype("datetime64[m]")]
        declared = ", ".join(units or "none" for units in each.units_declared)
        texts = (each.name, declared, each.units or "unknown", str(len(each.times)), *times)
        nature = "unknown"
        if np.isfinite([each.low, each.high]).all():
            nature = f"{short_number(each.low)} to {short_number(each.high)}"
        values = (
            f"{100 * each.share_missing:.3g} %",
            *map(short_number, (each.minimum, each.mean, each.maximum)),
            nature,
        )
        rows.append(
            "<tr>"
            + "".join(f"<td>{escape(text)}</td>" for text in texts)
            + "".join(f'<td class="number">{escape(text)}</td>' for text in values)
            + "</tr>"
        )
    return f"<table><tr>{head}</tr>{''.join(rows)}</table>"


def _image(figure: Figure, text: str) -> str:
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=120, metadata={"Software": None})
    data = b64encode(buffer.getvalue()).decode()
    return f'<img alt="{escape(text)}" src="data:image/png;base64,{data}">'
