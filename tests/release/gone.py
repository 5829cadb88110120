"""What Python 3.12 to 3.14 removed or gave another meaning, and where a source uses it.

Names are those of "Removed" and "Porting to" in each version's "What's New". mypy, asked for a version, knows them as
well and says more (test_pythons.py asks it at full length); this takes seconds, and knows changes types do not show.
"""

import ast
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

MODULES: Final = {
    "3.12": "asynchat asyncore distutils imp smtpd",
    "3.13": "aifc audioop cgi cgitb chunk crypt imghdr lib2to3 mailcap msilib nis nntplib ossaudiodev pipes sndhdr spwd"
    " sunau telnetlib tkinter.tix typing.io typing.re uu xdrlib",
}
NAMES: Final = {
    "3.12": "asyncio.coroutine configparser.SafeConfigParser importlib.abc.Finder importlib.find_loader"
    " importlib.util.module_for_loader importlib.util.set_package importlib.util.set_loader io.OpenWrapper"
    " locale.format pkgutil.ImpImporter pkgutil.ImpLoader sqlite3.OptimizedUnicode sqlite3.enable_shared_cache"
    " ssl.RAND_pseudo_bytes ssl.match_hostname ssl.wrap_socket sys.gettotalrefcount xml.etree.cElementTree",
    "3.13": "configparser.LegacyInterpolation locale.resetlocale re.template re.TEMPLATE unittest.findTestCases"
    " unittest.getTestCaseNames unittest.makeSuite webbrowser.MacOSX",
    "3.14": "ast.Bytes ast.Ellipsis ast.NameConstant ast.Num ast.Str asyncio.AbstractChildWatcher"
    " asyncio.FastChildWatcher asyncio.MultiLoopChildWatcher asyncio.PidfdChildWatcher asyncio.SafeChildWatcher"
    " asyncio.ThreadedChildWatcher asyncio.get_child_watcher asyncio.set_child_watcher importlib.abc.ResourceReader"
    " importlib.abc.Traversable importlib.abc.TraversableResources pkgutil.find_loader pkgutil.get_loader"
    " pty.master_open pty.slave_open sqlite3.version sqlite3.version_info urllib.parse.Quoter"
    " urllib.request.FancyURLopener urllib.request.URLopener",
    # There is one no more where none runs; the rest is going, and says so each time.
    "3.14, or is deprecated": "abc.abstractclassmethod abc.abstractproperty abc.abstractstaticmethod"
    " asyncio.AbstractEventLoopPolicy asyncio.DefaultEventLoopPolicy asyncio.get_event_loop"
    " asyncio.get_event_loop_policy asyncio.iscoroutinefunction asyncio.set_event_loop_policy codecs.open"
    " collections.abc.ByteString datetime.datetime.utcfromtimestamp datetime.datetime.utcnow typing.ByteString"
    " typing.no_type_check_decorator",
}
# Their default is another one: `fork` was it for new processes, and `fully_trusted` for what tarfile unpacks.
SAYS_WHICH: Final = {
    "multiprocessing.Pool": "get_context",
    "multiprocessing.Process": "get_context",
    "multiprocessing.Queue": "get_context",
    "concurrent.futures.ProcessPoolExecutor": "mp_context",
}
_MODULES: Final = {name: version for version, names in MODULES.items() for name in names.split()}
_NAMES: Final = {name: version for version, names in NAMES.items() for name in names.split()}
_UNPACK: Final = ("extract", "extractall")
_INNER: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


def uses(source: str) -> list[str]:
    """`LINE: what` for each use, in order of lines."""
    tree = ast.parse(source)
    known = _imported(tree)
    found = {(line, said) for node in ast.walk(tree) for line, said in _of_node(node, known)}
    return [f"{line}: {said}" for line, said in sorted(found)]


def _imported(tree: ast.AST) -> dict[str, str]:
    """What each imported name stands for, dotted."""
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.split(".")[0]  # `import a.b` makes the name `a`
                known[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom) and not node.level:
            known |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return known


def _of_node(node: ast.AST, known: dict[str, str]) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield from _names(node.lineno, alias.name)
    elif isinstance(node, ast.ImportFrom) and not node.level:
        for alias in node.names:
            yield from _names(node.lineno, f"{node.module}.{alias.name}")
    elif isinstance(node, ast.Attribute):
        yield from _names(node.lineno, _dotted(node, known))
        if node.attr == "__annotations__":
            yield node.lineno, "__annotations__ is made when it is asked for (PEP 649)"
    elif isinstance(node, ast.Call):
        yield from _call(node, known)
    elif isinstance(node, ast.Try | ast.TryStar):
        yield from ((line, "leaves a finally block (PEP 765)") for line in _leaving(node.finalbody, loops=True))


def _names(line: int, dotted: str) -> Iterator[tuple[int, str]]:
    for name in accumulate(dotted.split("."), "{}.{}".format):
        if version := _MODULES.get(name) or (name == dotted and _NAMES.get(name)):
            yield line, f"{name} went with {version}"


def _dotted(node: ast.expr, known: dict[str, str]) -> str:
    """`a.b.c` with what `a` was imported as; empty where it is no imported name."""
    if isinstance(node, ast.Attribute):
        owner = _dotted(node.value, known)
        return f"{owner}.{node.attr}" if owner else ""
    return known.get(node.id, "") if isinstance(node, ast.Name) else ""


def _call(node: ast.Call, known: dict[str, str]) -> Iterator[tuple[int, str]]:
    called = _dotted(node.func, known)
    options = {keyword.arg for keyword in node.keywords}
    if called in SAYS_WHICH and SAYS_WHICH[called] not in options:
        yield node.lineno, f"{called} does not fork any more where nothing else is said ({SAYS_WHICH[called]})"
    if isinstance(node.func, ast.Attribute) and node.func.attr in _UNPACK and "filter" not in options and not called:
        yield node.lineno, f"{node.func.attr} without filter= unpacks less than it did"
    if called == "shutil.rmtree" and "onerror" in options:
        yield node.lineno, "rmtree has onexc= for onerror="


def _leaving(body: list[ast.stmt], *, loops: bool) -> Iterator[int]:
    """Lines that jump out of these statements; a loop within them may be left, and a function returns for itself."""
    for statement in body:
        if isinstance(statement, ast.Return) or (loops and isinstance(statement, ast.Break | ast.Continue)):
            yield statement.lineno
        if isinstance(statement, _INNER):
            continue
        inner = loops and not isinstance(statement, ast.For | ast.AsyncFor | ast.While)
        for field in ("body", "orelse", "finalbody"):
            yield from _leaving(getattr(statement, field, []), loops=inner)
        for part in [*getattr(statement, "handlers", []), *getattr(statement, "cases", [])]:
            yield from _leaving(part.body, loops=inner)
