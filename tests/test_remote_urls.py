"""Which URLs are cloned from, and what else a URL may try to be."""

import pytest

from quarterdeck.extractors.remote_urls import (
    UnsafeUrlError,
    checked_url,
    is_meant_as_url,
    place_of,
)
from quarterdeck.extractors.repository import without_credentials


@pytest.mark.parametrize(
    ("text", "checked"),
    [
        ("https://forge.example/a/b.git", "https://forge.example/a/b.git"),
        ("HTTPS://Forge.Example:8443/A/b", "https://forge.example:8443/A/b"),
        ("https://ada@forge.example/a/b", "https://ada@forge.example/a/b"),
        ("https://[::1]:8443/a", "https://[::1]:8443/a"),
        ("ssh://git@forge.example:2222/~ada/b", "ssh://git@forge.example:2222/~ada/b"),
        ("file:///srv/a b".replace(" ", "%20"), "file:///srv/a%20b"),
        ("git@Forge.example:a/b.git", "git@forge.example:a/b.git"),
        ("https://forge.example/a/b/_git/c", "https://forge.example/a/b/_git/c"),
    ],
)
def test_what_is_cloned_from(text: str, checked: str) -> None:
    assert is_meant_as_url(text)
    assert checked_url(text) == checked
    assert checked_url(checked) == checked


@pytest.mark.parametrize(
    "text",
    [
        "http://forge.example/a",
        "git://forge.example/a",
        "ftp://forge.example/a",
        "ext::sh -c id",
        "ext::sh%20-c%20id",
        "ext::ssh://forge.example/a",
        "fd::17",
        "transport::address://a/b",
        "--upload-pack=id",
        "-c core.sshCommand=id://a",
        "--config=a://b/c",
        "-oProxyCommand=id@x:y",
        "git@-oProxyCommand=id:a",
        "git@-oProxyCommand:a",
        "git@forge.example:-a",
        "git@forge.example::a",
        "ssh://-oProxyCommand=id/a",
        "ssh://-oProxyCommand/a",
        "ssh://git@-x/a",
        "ssh://-l@forge.example/a",
        "ssh://@forge.example/a",
        "https://forge.example",
        "https://forge.example//",
        "https:///a/b",
        "https://forge.example:port/a",
        "https://forge.example\\@other.example/a",
        "https://forge.example/a\nhost=other.example",
        "https://forge.example/%0ahost=other.example/a",
        "https://forge.example%0d/a",
        "https://forge.example/a%00b",
        "https://forge.example/a b",
        "https://forge.example/\x1b[2Ja",
        "https://forge.example/" + "a" * 3000,
        "file://srv/a",
        "file://relative",
        "file:///",
        "file:a",
        "",
    ],
)
def test_what_is_refused(text: str) -> None:
    with pytest.raises(UnsafeUrlError):
        checked_url(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://ada:hunter2@forge.example/a",
        "https://:hunter2@forge.example/a",
        "https://ghp_hunter2hunter2@forge.example/a",
        "https://glpat-hunter2@forge.example/a",
        "https://github_pat_hunter2@forge.example/a",
        f"https://{'hunter2' * 6}@forge.example/a",
        "https://ada%3Ahunter2@forge.example/a",
        "https://gh%70_hunter2hunter2@forge.example/a",
        "https://forge.example/a?private_token=hunter2",
        "ssh://git@forge.example/a#hunter2",
    ],
)
def test_a_secret_in_a_url_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UnsafeUrlError, match="git's credential helpers") as told:
        checked_url(text)
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (
            "cannot read 'https://ada:hunter2@a.example/b/': 403",
            "cannot read 'https://a.example/b/': 403",
        ),
        ("https://x:hunter2@hunter2@a.example/b", "https://a.example/b"),
        (
            "see ssh://hunter2@a.example/b, or https://b.example/c",
            "see ssh://a.example/b, or https://b.example/c",
        ),
        ("GET https://a.example/b?token=hunter2&c=1 failed", "GET https://a.example/b failed"),
        ("mail ada@a.example", "mail ada@a.example"),
    ],
)
def test_secrets_are_taken_from_urls_in_messages(told: str, shown: str) -> None:
    assert without_credentials(told) == shown


@pytest.mark.parametrize("text", ["../a", "C:/a", "a", "/srv/a", "~/a:b", "owner/name"])
def test_paths_are_not_meant_as_urls(text: str) -> None:
    assert not is_meant_as_url(text)


def test_one_place_however_it_is_written() -> None:
    same = (
        "https://forge.example/acme/app.git",
        "https://forge.example/acme/app/",
        "ssh://git@forge.example/acme/app",
        "git@forge.example:acme/app.git",
        "https://forge.example:443//acme//app.git/",
        "ssh://git@forge.example:22/acme/app",
    )
    assert {place_of(checked_url(url)) for url in same} == {"forge.example/acme/app"}
    assert place_of("https://other.example/acme/app") == "other.example/acme/app"
    assert place_of("https://forge.example:8443/acme/app") != place_of(same[0])
    assert place_of("file:///srv/a.git") == "/srv/a.git"
    assert place_of("https://forge.example:22/acme/app") == "forge.example:22/acme/app"
    assert place_of("file:///srv//a%20b/") == "/srv/a b"
    assert place_of("file:///srv/a#b?c") == "/srv/a#b?c"  # git knows neither in a path
