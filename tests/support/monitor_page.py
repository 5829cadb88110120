"""The tables of docs/monitor.md, as they follow from a scrape and from the rules."""

import re
from collections.abc import Iterable, Iterator

import yaml
from prometheus_client.core import Metric

from tests.support.prometheus import FILES

_ALL: str = "tonearm_installation_"


def own(families: Iterable[Metric]) -> list[str]:
    """A row for each metric of the process that answers."""
    return [_row(family) for family in families if not family.name.startswith(_ALL)]


def installation(families: Iterable[Metric]) -> list[str]:
    """A row for each metric of all processes."""
    return [_row(family) for family in families if family.name.startswith(_ALL)]


def alerts() -> Iterator[str]:
    """A row for each alert; what it fills in with each firing is left out."""
    for group in yaml.safe_load((FILES / "tonearm.rules.yml").read_text())["groups"]:
        for rule in group["rules"]:
            says = re.sub(r"\{\{.*?\}\}", "…", rule["annotations"]["summary"])
            yield f"| `{rule['alert']}` | {rule['labels']['severity']} | {rule['for']} | {says} |"


def _row(family: Metric) -> str:
    name = f"{family.name}_total" if family.type == "counter" else family.name
    labels = sorted({label for one in family.samples for label in one.labels} - {"le"})
    return f"| `{name}` | {family.type} | {', '.join(f'`{label}`' for label in labels)} | {family.documentation} |"
