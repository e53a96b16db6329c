"""docs/api.md, made from the OpenAPI document."""

from pathlib import Path

from functions.local import documents
from functions.reference.markdown import page
from functions.reference.merge import merge
from tests.fakes.services import fake_services

ROOT = Path(__file__).resolve().parents[3]


def test_the_page_is_current(tmp_path: Path) -> None:
    """If this fails: python -m functions.reference.markdown > docs/api.md."""
    document = merge(documents(fake_services(tmp_path)), title="", version="")

    assert (ROOT / "docs/api.md").read_text() == page(document)


def test_query_parameters_are_listed_with_what_they_are_where_left_out(tmp_path: Path) -> None:
    written = page(merge(documents(fake_services(tmp_path)), title="", version=""))
    route = written.split("## `GET /api/analytics/requests`")[1].split("\n## ")[0]

    assert "| `outcome`? | `done`, " in route
    assert "`cancelled`" in route
    assert "Usual: `200`." in route
