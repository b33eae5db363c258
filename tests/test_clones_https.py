"""A mirror over HTTPS: credentials by git's own helpers, and nowhere in what is kept or told."""

import base64
import functools
import http.server
import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from git_fixtures import RepositoryBuilder

from quarterdeck.extractors.clones import mirror_in_use
from quarterdeck.extractors.errors import GitCommandError
from quarterdeck.extractors.repository import open_repository

_SECRET = "hunter2-hunter2"


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Files, for who knows the password; and one path that leads elsewhere."""

    def do_GET(self) -> None:
        if self.path.startswith("/moved/"):
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{self.path.removeprefix('/moved/')}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        wanted = "Basic " + base64.b64encode(f"ada:{_SECRET}".encode()).decode()
        if self.headers.get("Authorization") != wanted:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="forge"')
            self.end_headers()
            return
        super().do_GET()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    try:
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
                *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
                *("-keyout", str(key), "-out", str(certificate)),
            ],
            check=True,
            capture_output=True,
        )
    except FileNotFoundError:
        pytest.skip("there is no openssl command to make a certificate with")
    folder = tmp_path / "served"
    source = RepositoryBuilder(folder / "app.git", bare=True)
    source.commit({"a": b"1\n"})
    source.git("update-server-info")
    handler = functools.partial(_Handler, directory=str(folder))
    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    httpd.socket = context.wrap_socket(httpd.socket, server_side=True)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    for name in [n for n in os.environ if n.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_SSL_CAINFO", str(certificate))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    yield f"https://localhost:{httpd.server_address[1]}"
    httpd.shutdown()
    httpd.server_close()


def use(folder: Path, monkeypatch: pytest.MonkeyPatch, helper: str) -> None:
    """Let a credential helper be the user's."""
    file = folder / "gitconfig"
    file.write_text(f'[credential]\n\thelper = "!f() {{ {helper}; }}; f"\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(file))


def test_the_users_credential_helper_is_used(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(tmp_path, monkeypatch, f"echo username=ada; echo password={_SECRET}")
    for _ in range(2):
        with mirror_in_use(f"{server}/app.git", tmp_path / "clones" / "m") as mirror:
            assert open_repository(mirror.folder).default_branch == "main"
    kept = [p for p in (tmp_path / "clones").rglob("*") if p.is_file()]
    assert len(kept) > 5
    assert not any(_SECRET.encode() in path.read_bytes() for path in kept)


def test_a_wrong_password_ends_at_once_and_is_not_told(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(tmp_path, monkeypatch, "echo username=ada; echo password=wrong-password")
    with (
        pytest.raises(GitCommandError, match="could not clone or fetch") as told,
        mirror_in_use(f"{server}/app.git", tmp_path / "m"),
    ):
        pass
    assert "wrong-password" not in str(told.value)
    assert not (tmp_path / "m").exists()


def test_a_redirect_to_a_transport_in_the_clear_is_not_followed(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(tmp_path, monkeypatch, f"echo username=ada; echo password={_SECRET}")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with (
            pytest.raises(GitCommandError),
            mirror_in_use(f"{server}/moved/{port}/app.git", tmp_path / "m"),
        ):
            pass
        listener.settimeout(0.2)
        with pytest.raises(TimeoutError):
            listener.accept()
