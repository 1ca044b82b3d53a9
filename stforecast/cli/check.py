"""`stforecast check`: what is wrong with raw data, and a mended copy of them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pipelines.checking import Mended, Report

_COLOURS = {"error": "bold red", "warning": "yellow", "note": "dim"}


def check(
    path: Annotated[
        Path, typer.Argument(help="A NetCDF or GRIB file, a Zarr store, a folder, or a store.")
    ],
    fix: Annotated[
        Path | None, typer.Option(help="Write a mended copy there, and check it again.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The report for machines.")] = False,
    html: Annotated[
        Path | None, typer.Option(help="Write the report as one page, with figures.")
    ] = None,
) -> None:
    """Find what is wrong with raw data: each file is opened by itself, and each value read once.

    Exit code 0: nothing, or notes only; 3: warnings; 4: errors; 2: the path does not exist. With
    --fix they are those of the mended copy, and 4 if a file could not be taken into it.
    """
    from contextlib import nullcontext

    from pipelines.checking import check as examine
    from pipelines.checking import mend
    from pipelines.checking.report import as_json as facts_of
    from stforecast.cli.progress import progress_bar

    if html is not None and html.is_dir():
        raise ValueError(f"{html} is a folder; name a file for the page, such as report.html.")
    mended = None
    with nullcontext(lambda *_: None) if as_json else progress_bar() as tell:
        if fix is None:
            report = examine(path, progress=lambda done, total: _in_kilobytes(tell, done, total))
        else:
            mended = mend(path, fix, progress=tell)
            report = mended.before
    if html is not None:
        _write_page(report, html)
    if as_json:
        facts = facts_of(report)
        if mended is not None:
            facts["mended"] = {
                "files": list(mended.files),
                "left_out": list(mended.left_out),
                "after": facts_of(mended.after),
            }
        typer.echo(json.dumps(facts, indent=2))
    else:
        _show(report)
        if mended is not None:
            _show_mended(mended, fix)
    code = report.exit_code
    if mended is not None:
        code = 4 if mended.left_out else mended.after.exit_code
    raise typer.Exit(code)


def _in_kilobytes(tell: Callable[[str, int, int], None], done: int, total: int) -> None:
    tell("checking (kB)", done // 1000, total // 1000)


def _write_page(report: "Report", path: Path) -> None:
    from pipelines.atomic import atomic_path
    from stforecast.checking.page import as_html

    with atomic_path(path) as temporary:
        temporary.write_text(as_html(report), encoding="utf-8")


def _show(report: "Report") -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    from stforecast.checking.numbers import short_number
    from stforecast.cli.progress import console

    if report.variables:
        table = Table(
            title=str(report.path),
            title_justify="left",
            box=SIMPLE_HEAD,
            pad_edge=False,
            collapse_padding=True,
        )
        for name in ("name", "units", "frames", "first", "last"):
            table.add_column(name, min_width=10 if name in ("first", "last") else None)
        for name in ("missing", "least", "mean", "greatest"):
            table.add_column(name, justify="right")
        for each in report.variables.values():
            times = [str(time) for time in each.times[[0, -1]].astype("datetime64[D]")]
            numbers = [short_number(value) for value in (each.minimum, each.mean, each.maximum)]
            share = f"{100 * each.share_missing:.3g} %"
            table.add_row(each.name, each.units, str(len(each.times)), *times, share, *numbers)
        console.print(table)
    if not report.findings:
        console.print(f"nothing is wrong with {report.path}")
    for each in report.findings:
        line = Text(f"{each.severity:<8}", style=_COLOURS[each.severity])
        line.append(f"{each.code}: ", style="bold")
        line.append(each.message, style="default not bold")
        console.print(line)
        examples = "; ".join(each.further_examples)
        for label, text in (("such as", examples), ("way out", each.way_out)):
            if text:
                console.print(Text(f"         {label}: {text}", style="dim"))
    if report.fixable:
        console.print(f"--fix OUT mends {len(report.fixable)} of {len(report.findings)} findings")


def _show_mended(mended: "Mended", out: Path | None) -> None:
    from stforecast.cli.progress import console

    console.print(f"mended copy: {out} ({len(mended.files)} files)")
    for title, lines in (
        ("mended", mended.changes),
        ("not mended", [each.message for each in mended.not_mended]),
        ("left out", mended.left_out),
    ):
        for line in lines:
            console.print(f"  {title}: {line}", markup=False)
    left = [each for each in mended.after.findings if each.severity != "note"]
    for each in left:
        console.print(f"  the copy has {each.code}: {each.message}", markup=False)
    if not left:
        console.print("  the copy has no error and no warning")
