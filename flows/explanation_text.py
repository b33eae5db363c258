"""An explanation for people: sections of short lines that fit a terminal of 80 columns."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from quarterdeck.flows.explanation import CLASSES
from quarterdeck.flows.text import printable

#: More lines of one kind than this are counted; --json has them all.
SHOWN: Final = 20
WIDTH: Final = 80

Found = Mapping[str, Any]


def print_explanation(found: Found) -> None:
    """Print what `explanation` found, in the width of the terminal, elsewhere in 80 columns."""
    console = Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False, markup=False)
    _say(console, f"{found['commit']} in {found['repository']}", bold=True)
    for line in _head(found):
        _say(console, line, 2)
    _section(console, "Who wrote it", _authorship(found))
    if len(found["commits"]) > 1 or found["commits"][0]["commit"] != found["commit"]:
        console.print()
        _say(console, "How its lines are split", bold=True)
        console.print(_split(found["commits"]))
        more = len(found["commits"]) - SHOWN
        if more > 0:
            _say(console, f"and {more:,} more; --json lists all", 2)
    _section(console, "Evidence", _findings(found["findings"], found["commit"]))
    if found["ruled_out"]:
        _section(console, "Ruled out", _findings(found["ruled_out"], found["commit"]))
    _section(console, "What the settings say", _settings(found))
    _section(console, "Where it counts", _counts(found))


def _say(console: Console, line: str, indent: int = 0, *, bold: bool = False) -> None:
    text = Text(printable(line), style="bold" if bold else "", overflow="fold")
    console.print(Padding(text, (0, 0, 0, indent), expand=False))


def _section(console: Console, title: str, lines: Iterator[tuple[int, str]]) -> None:
    console.print()
    _say(console, title, bold=True)
    for indent, line in lines:
        _say(console, line, indent)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"


def _lines(number: int | None) -> str:
    if number is None:
        return "an unknown number of code lines"
    return f"{number:,} code line{'' if number == 1 else 's'}"


def _head(found: Found) -> Iterator[str]:
    yield found["subject"]
    author, at = found["author"], found["authored_at"]
    yield f"by {author['name']} <{author['email']}>" + (f", {at:%Y-%m-%d %H:%M} UTC" if at else "")
    landed = found["landed"]
    if landed is None:
        yield "not on the default branch, nor of a pull request that landed"
    elif landed["commit"] == found["commit"]:
        tied = landed["pull_request"]
        yield f"landed change ({landed['kind']}{f' of #{tied}' if tied is not None else ''})"
    else:
        yield f"{landed['how'].removeprefix('is ')}: {landed['commit'][:12]}"
    numbers = found["pull_requests"]
    if numbers:
        shown = ", ".join(f"#{number}" for number in numbers[:SHOWN])
        yield f"among the commits of {shown}{', ...' if len(numbers) > SHOWN else ''}"
    missing = found["files_without_counts"]
    yield _lines(found["code_lines"]) + (f"; {missing:,} files without counts" if missing else "")


def _authorship(found: Found) -> Iterator[tuple[int, str]]:
    agent = found["agent"]
    named = f"{agent} ({found['model']})" if agent and found["model"] else agent
    bearer = "model" if found["authorship"]["model"] > 0 else "automation"
    for name in CLASSES:
        who = f"  {named}" if named and name == bearer else ""
        yield 2, f"{name:<11}{_percent(found['authorship'][name]):>7}{who}"
    yield 2, f"tier of evidence: {found['tier']}"
    credited = found["credited_to"]
    if credited is None:
        yield 2, "credited to no contributor: its author is a bot or a coding agent"
    else:
        yield 2, f"credited to {credited['name']} ({credited['contributor']})"


def _split(parts: Sequence[Found]) -> Padding:
    table = Table(box=None, pad_edge=False)
    for name in ("commit", "lines", "part", "model", "human", "autom.", "undecl.", "tier"):
        table.add_column(name, justify="left" if name in ("commit", "tier") else "right")
    table.add_column("agent", overflow="ellipsis", no_wrap=True)
    for part in parts[:SHOWN]:
        lines = part["code_lines"]
        table.add_row(
            part["commit"][:12],
            "?" if lines is None else f"{lines:,}",
            _percent(part["share"]),
            *(f"{100 * part['authorship'][name]:.0f}%" for name in CLASSES),
            part["tier"],
            Text(printable(part["agent"] or "")),
        )
    return Padding(table, (0, 0, 0, 2), expand=False)


def _findings(findings: Sequence[Found], commit: str) -> Iterator[tuple[int, str]]:
    """Equal texts of several commits once, the most frequent first."""
    groups: dict[tuple[str, str, str, str | None], list[Found]] = {}
    for finding in findings:
        key = (finding["signal"], finding["place"], finding["text"], finding["reason"])
        groups.setdefault(key, []).append(finding)
    if not groups:
        yield 2, "none"
    for group in sorted(groups.values(), key=len, reverse=True)[:SHOWN]:
        yield from _evidence(group, commit)
    if len(groups) > SHOWN:
        yield 2, f"and {len(groups) - SHOWN:,} more; --json lists all"


def _evidence(group: Sequence[Found], commit: str) -> Iterator[tuple[int, str]]:
    finding = group[0]
    credits = [finding["class"], *(finding[key] for key in ("agent", "model") if finding[key])]
    if finding["tier"]:
        credits += [finding["tier"], f"weight {finding['weight']:g}"]
    yield 2, f"{finding['signal']}: {', '.join(credits)}"
    place = (
        finding["place"]
        if finding["source"] == "commit"
        else (f"{finding['source']}, {finding['place']}")
    )
    if finding["line"] and len(group) == 1:
        place += f", line {finding['line']}"
    yield 4, f"{place}: {finding['text']}"
    if len(group) > 1 or finding["commit"] != commit:
        shown = ", ".join(one["commit"][:12] for one in group[:4])
        more = f" and {len(group) - 4:,} more" if len(group) > 4 else ""
        yield 4, f"in {shown}{more}"
    if finding["reason"] is not None:
        yield 4, f"ruled out: {finding['reason']}"


def _settings(found: Found) -> Iterator[tuple[int, str]]:
    for override in found["overrides"][:SHOWN]:
        where = "" if override["commit"] == found["commit"] else f"{override['commit'][:12]} "
        agent = f" ({override['agent']})" if override["agent"] else ""
        what = f" in {', '.join(override['paths'])}" if override["paths"] else ""
        part = f"{_percent(override['share'])} is {override['author_class']}{agent}"
        yield 2, f"{where}override {override['override']}: {part}: {override['reason']}"
        yield 4, f"holds for {_lines(override['code_lines'])}{what}"
    if len(found["overrides"]) > SHOWN:
        yield 2, f"and {len(found['overrides']) - SHOWN:,} more; --json lists all"
    if found["excluded"] is not None:
        yield 2, f"left out of every measure: {found['excluded']}"
    if not found["overrides"] and found["excluded"] is None:
        yield 2, "nothing"


def _counts(found: Found) -> Iterator[tuple[int, str]]:
    landed = found["landed"]
    if landed is None:
        yield 2, "in no measure: it has not landed"
        return
    if landed["commit"] != found["commit"]:
        yield 2, f"as a part of {landed['commit'][:12]}:"
    for count in found["counts"]:
        whole = f"{count['scope']} {count['scope_name']}"
        if count["left_out_because"] is not None:
            yield 2, f"not in {whole}: {count['left_out_because']}"
            continue
        cap = f"capped at {count['cap_lines']:,}" if count["cap_lines"] is not None else "no cap"
        counted = count["counted_lines"]
        number = "no code lines, as none are known" if counted is None else f"{counted:,.0f}"
        yield 2, f"{count['quarter']}, {whole}: {number} of {_lines(count['code_lines'])} ({cap})"
