"""The dashboard and the alert rules use only what `/metrics` has, and the dashboard all of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from service.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).parents[2] / "docs"
DASHBOARD = json.loads((DOCS / "grafana/presence-bridge.json").read_text())
ALERTS = yaml.safe_load((DOCS / "grafana/alerts.yml").read_text())
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
OPERATE = (DOCS / "operate.md").read_text()
OF_PROMETHEUS = {"job", "instance"}
"""Labels that Prometheus adds to every series."""
GROUPS = [
    "Truth and latency",
    "Queue by lane",
    "Quota",
    "Microsoft Graph",
    "Zoom",
    "People and trouble",
    "Chat",
    "Process",
]


def series() -> dict[str, dict[str, set[str]]]:
    """Every name that `/metrics` has, with the values of each of its labels."""
    found: dict[str, dict[str, set[str]]] = {}
    for family in text_string_to_metric_families(Metrics().render().decode()):
        for sample in family.samples:
            labels = found.setdefault(sample.name, {})
            for label, value in sample.labels.items():
                labels.setdefault(label, set()).add(value)
    return found


SERIES = series()


def panels() -> Iterator[dict[str, Any]]:
    yield from (panel for panel in DASHBOARD["panels"] if panel["type"] != "row")


def expressions() -> list[tuple[str, str]]:
    """Where, and the expression."""
    drawn = [
        (f"panel {panel['title']}", target["expr"])
        for panel in panels()
        for target in panel["targets"]
    ]
    return drawn + [(f"alert {rule['alert']}", rule["expr"]) for rule in RULES]


def names_in(expression: str) -> set[str]:
    return set(re.findall(r"\b(?:presence_bridge|process|python)_\w+", expression))


def matchers_in(expression: str) -> Iterator[tuple[str, str, str, str]]:
    """Name, label, operator and value of every matcher."""
    for name, inside in re.findall(r"(\w+)\{([^}]*)\}", expression):
        for label, operator, value in re.findall(r'(\w+)(=~|!~|!=|=)"([^"]*)"', inside):
            yield name, label, operator, value


@pytest.mark.parametrize(("where", "expression"), expressions())
def test_every_name_and_label_value_exists(where: str, expression: str) -> None:
    names = names_in(expression)
    assert names - SERIES.keys() == set(), where
    for name, label, operator, value in matchers_in(expression):
        if label in OF_PROMETHEUS:
            continue
        values = value.split("|") if operator.endswith("~") else [value]
        known = SERIES[name].get(label, set())
        assert set(values) <= known, f"{where}: {name} has {label} of {sorted(known)}"
    for grouped in re.findall(r"\b(?:by|on) \(([^)]*)\)", expression):
        labels = {label for name in names for label in SERIES[name]} | OF_PROMETHEUS
        assert set(re.split(r",\s*", grouped)) <= labels, f"{where}: by {grouped}"


def test_the_dashboard_shows_every_metric_of_ours() -> None:
    shown = {name for panel in panels() for t in panel["targets"] for name in names_in(t["expr"])}
    missing = []
    for family in text_string_to_metric_families(Metrics().render().decode()):
        ours = family.name.startswith("presence_bridge_") and not family.name.endswith("_created")
        samples = {sample.name for sample in family.samples}
        if ours and not samples & shown:
            missing.append(family.name)
    assert missing == [], "draw them in docs/grafana/presence-bridge.json"


def test_the_dashboard_can_be_imported_anywhere() -> None:
    assert DASHBOARD["id"] is None  # Grafana gives one
    assert DASHBOARD["schemaVersion"] >= 39  # Grafana 10.4
    [source] = [v for v in DASHBOARD["templating"]["list"] if v["type"] == "datasource"]
    chosen = {"type": "prometheus", "uid": f"${{{source['name']}}}"}
    for panel in panels():
        assert panel["datasource"] == chosen, panel["title"]
        assert all(target["datasource"] == chosen for target in panel["targets"])
    idents = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(idents)) == len(idents)


def test_panels_stand_in_their_groups_side_by_side() -> None:
    rows = [panel["title"] for panel in DASHBOARD["panels"] if panel["type"] == "row"]
    assert [title.partition(":")[0].partition(" by lane")[0] for title in rows] == [
        group.partition(" by lane")[0] for group in GROUPS
    ]
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, f"{panel['title']} covers another panel"
        assert at["x"] + at["w"] <= 24, panel["title"]
        taken |= cells


@pytest.mark.parametrize(
    "rule",
    [rule for group in ALERTS["groups"] for rule in group["rules"]],
    ids=lambda r: r["alert"],
)
def test_every_alert_says_what_happened_and_where_to_read_on(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["annotations"]["summary"].strip()
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert page == "docs/operate.md"
    rows = [line for line in OPERATE.splitlines() if f'<a id="{anchor}"></a>' in line]
    assert len(rows) == 1, f"docs/operate.md has no row {anchor}"
    assert rule["alert"] in rows[0]


def test_no_alert_is_there_twice() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(set(names)) == len(names)
    documented = re.findall(r"`(PresenceBridge\w+)`", OPERATE)
    assert set(documented) == set(names)
