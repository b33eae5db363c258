"""The extractors against the real services: `pytest -m live`, with a token and a network.

Left out of every other run. Each test reads one page of a public repository and holds it to
what the published forms promise; nothing of what it reads is kept.
"""

import os

import pytest

from quarterdeck.extractors.forges import Forge, extraction, open_client

pytestmark = pytest.mark.live

PLACES = {
    "github": (Forge("github", "https://github.com"), "octocat/Hello-World"),
    "gitlab": (Forge("gitlab", "https://gitlab.com"), "gitlab-org/gitlab-runner"),
    "gitea": (Forge("gitea", "https://codeberg.org"), "forgejo/forgejo"),
}


@pytest.mark.parametrize("kind", PLACES)
def test_a_page_of_a_public_repository(kind: str):
    if os.environ.get("QUARTERDECK_LIVE") != "1":
        pytest.skip("set QUARTERDECK_LIVE=1 to let this test ask real services")
    forge, slug = PLACES[kind]
    with open_client(forge, os.environ, print) as client:
        asked = extraction(forge, client, slug, "live")
        if kind != "github":
            asked.page_size = 2  # type: ignore[attr-defined]
            asked.__post_init__()  # type: ignore[attr-defined]
        page = next(iter(asked.pages(None)))
    pulls = page.frames.pull_requests
    assert pulls.height
    assert pulls["number"].is_unique().all()
    for column in ("created_at", "updated_at", "state", "title", "base_branch", "head_commit_id"):
        assert pulls[column].null_count() == 0, column
    assert (pulls["created_at"] <= pulls["updated_at"]).all()
    assert set(pulls["state"]) <= {"open", "closed", "merged"}
    assert page.frames.commits.height
    assert page.frames.answers.height
