"""docs/recipes.md: what the C# of the Blazor recipe calls by name, which no compiler checks, is there in its module."""

import re
from typing import Final

from tests.support.blocks import DOCS
from tracker.node import run_node

PAGE: Final = (DOCS / "recipes.md").read_text()
[(FILE, MODULE)] = re.findall(r"^```js blazor\n// (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
[SERVICE] = re.findall(r"^```csharp\n(// Services/PlayTracker\.cs.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def evaluated(expression: str) -> list[str]:
    """What this says in JavaScript, beside the module's own text."""
    module = re.sub(r"^import .*$", "", MODULE, flags=re.MULTILINE)
    return run_node("--input-type=module", stdin=f"{module}\nconsole.log({expression}.join());").strip().split(",")


def test_what_dotnet_calls_on_the_tracker_is_what_the_module_makes() -> None:
    called = re.findall(r'TellAsync\("(\w+)"', SERVICE)
    assert sorted(set(called)) == sorted(evaluated("Object.keys(createPlayTracker())"))


def test_what_dotnet_calls_on_the_module_is_exported() -> None:
    [called] = re.findall(r'module\.InvokeAsync<\w+>\("(\w+)"', SERVICE)
    assert [called] == re.findall(r"^export (?:async )?function (\w+)", MODULE, re.MULTILINE)


def test_the_module_that_dotnet_imports_is_where_the_page_puts_it() -> None:
    [imported] = re.findall(r'"import", "\./([^"]+)"', SERVICE)
    assert f"wwwroot/{imported}" == FILE
