"""`/metrics` of a running service, read as Prometheus reads it."""

from collections.abc import Mapping
from urllib.request import urlopen

from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.support.service import Service

Labels = frozenset[tuple[str, str]]


def scraped(service: Service) -> list[Metric]:
    """Every family of one scrape."""
    with urlopen(f"{service.url}/metrics") as answer:
        return list(text_string_to_metric_families(answer.read().decode()))


def figures(service: Service) -> Mapping[str, float]:
    """The samples without a label, by name."""
    return {one.name: one.value for family in scraped(service) for one in family.samples if not one.labels}


def labelled(service: Service, name: str) -> Mapping[Labels, float]:
    """The samples of this name."""
    found = (one for family in scraped(service) for one in family.samples if one.name == name)
    return {frozenset(one.labels.items()): one.value for one in found}


def with_label(service: Service, name: str, **labels: str) -> float:
    """The one sample that has exactly these."""
    return labelled(service, name)[frozenset(labels.items())]
