"""The documents tell the truth: what they name exists, what exists is named, and every link leads somewhere."""

from __future__ import annotations

import re
from importlib import import_module
from itertools import chain
from pathlib import Path

import pytest

from infra.local.instance import COMPONENTS
from streaming.producer import source, sources
from ticklake.settings import Settings, SourceSettings
from ticklake_cli.main import COMMANDS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "infra").rglob("*.md"))]
EXAMPLE = ROOT / ".env.example"

TARGETS = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
DAGS = [path.stem for path in sorted((ROOT / "dags").glob("*.py"))]
TOPICS = [str(field.default) for name, field in Settings.model_fields.items() if name.endswith("_topic")]
for _name in source.names():
    import_module(f"{sources.__name__}.{_name}")  # where a source's own settings stand
SETTINGS = {
    f"{kind.model_config['env_prefix']}{name.upper()}": field
    for kind in (Settings, *SourceSettings.__subclasses__())
    for name, field in kind.model_fields.items()
}
TABLES = re.findall(r"CREATE TABLE IF NOT EXISTS (\S+)", "".join(path.read_text() for path in sorted((ROOT / "infra" / "snowflake").glob("*.sql"))))

_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`[^`]+`")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_HOME = re.compile(r"(?:^|[\s`'\"(=])/(?:home|root|work|Users|tmp)/")

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def quoted(text: str) -> list[str]:
    """The lines that stand as code: of fenced blocks, and what is between backticks."""
    blocks = [line for block in _FENCE.findall(text) for line in block.splitlines()[1:-1]]
    return blocks + [span.strip("`") for span in _SPAN.findall(_FENCE.sub("", text))]


def commands(program: str, text: str) -> set[str]:
    """The first words that follow `program` where it begins a quoted line, or a part of one after `&&`, variables and paths aside."""
    parts = chain.from_iterable(line.split("&&") for line in quoted(text))
    found = (re.match(rf"\s*(?:\$ )?(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?{program} ([a-z][a-z-]*)", part) for part in parts)
    return {match[1] for match in found if match}


def anchors(text: str) -> set[str]:
    """What a link may name behind a #: a page's headings in lower case, words joined by dashes."""
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in _HEADING.findall(_FENCE.sub("", text))}


def broken_links(page: Path) -> list[str]:
    """The page's links into this project that lead nowhere."""
    broken = []
    for link in _LINK.findall(_FENCE.sub("", page.read_text())):
        path, _, anchor = link.partition("#")
        if "://" in path:
            continue
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
            broken.append(link)
    return broken


@pytest.fixture(scope="module")
def guide() -> str:
    """The pages for people who run Ticklake; what changed and why it was decided do not count."""
    return "".join(page.read_text() for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_stands_in_the_example_with_its_default(name: str) -> None:
    found = re.findall(rf"^# {name}=(.*)$", EXAMPLE.read_text(), re.MULTILINE)
    assert len(found) == 1
    field = SETTINGS[name]
    if not field.is_required() and field.default is not None:
        assert found[0] == (str(field.default).lower() if isinstance(field.default, bool) else str(field.default))


def test_the_example_names_no_setting_that_does_not_exist() -> None:
    assert set(re.findall(r"^# (TICKLAKE_\w+)=", EXAMPLE.read_text(), re.MULTILINE)) == set(SETTINGS)


def test_the_example_can_be_used_as_it_stands(tmp_path: Path) -> None:
    every = tmp_path / "every.env"
    every.write_text(re.sub(r"^# (TICKLAKE_\w+=)", r"\1", EXAMPLE.read_text(), flags=re.MULTILINE))
    assert Settings(_env_file=every).s3_bucket == "my-ticklake"


@pytest.mark.parametrize("target", TARGETS)
def test_a_make_target_is_explained(target: str, guide: str) -> None:
    assert target in commands("make", guide)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_explained(command: str, guide: str) -> None:
    assert command in commands("ticklake", guide)


@pytest.mark.parametrize("name", [*DAGS, *TOPICS, *COMPONENTS, *TABLES])
def test_what_runs_and_what_holds_data_is_named(name: str, guide: str) -> None:
    assert re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", guide)


@pages
def test_every_command_quoted_exists(page: Path) -> None:
    text = page.read_text()
    assert commands("make", text) <= set(TARGETS)
    assert commands("ticklake", text) <= set(COMMANDS)


@pages
def test_every_setting_named_exists(page: Path) -> None:
    others = {"TICKLAKE_TEST_DATA", "TICKLAKE_PICTURES", "TICKLAKE_COMPONENT"}
    assert {name for name in re.findall(r"\bTICKLAKE_[A-Z0-9_]+\b", page.read_text()) if name not in others} <= set(SETTINGS)


@pages
def test_every_link_leads_somewhere(page: Path) -> None:
    assert broken_links(page) == []


@pages
def test_no_path_of_one_machine_and_no_tabs(page: Path) -> None:
    text = page.read_text()
    assert not _HOME.search(text)
    assert "\t" not in text


def test_the_checks_themselves_find_what_is_wrong(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One heading\n\n[a](gone.md) [b](#one-heading) [c](#other)\n\n```sh\nX=1 make up && ticklake fly\n```\n\nDo `make tea`, make sure.\n")
    text = page.read_text()
    assert broken_links(page) == ["gone.md", "#other"]
    assert commands("make", text) == {"up", "tea"}
    assert commands("ticklake", text) == {"fly"}
    assert _HOME.search("see /home/somebody/ticklake")
