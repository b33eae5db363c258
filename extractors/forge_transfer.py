"""Sending a request to a forge: what comes back is bounded in size and time, wherever it leads.

A forge is another's server. It may answer without end, slowly, or with a few kilobytes that
unpack to gigabytes; so an answer is read in pieces, and given up beyond a bound.
"""

import time
from contextlib import closing

import httpx

from quarterdeck.extractors.forge_errors import ForgeAnswerError, TransientError
from quarterdeck.extractors.forge_messages import place

#: Bytes of an answer, unpacked; the largest page of pull requests seen has 2 million.
LARGEST_ANSWER = 64 << 20
#: Asked for; others that httpx might unpack can make a thousand times more of a piece at once.
_PACKINGS = ("gzip", "deflate", "identity")
ACCEPTED = "gzip, deflate"
_REDIRECTS = 20
# of the bytes that came, and not of those that they unpack to
_OF_THE_WAY = ("content-encoding", "content-length", "transfer-encoding")


def exchange(
    client: httpx.Client, request: httpx.Request, *, follow: bool, seconds: float
) -> httpx.Response:
    """Send a request, and read its answer to the end.

    Args:
        client: of HTTP.
        request: what to send.
        follow: whether to go where a redirect leads; httpx takes the token off where that is
            another host, or is not encrypted. The answer names the request that was answered.
        seconds: how long an answer may take to come in whole.

    Raises:
        ForgeAnswerError: the answer is too large or packed in a way that was not asked for, or
            redirects have no end.
        TransientError: it took too long.
        httpx.TransportError: the connection failed.
        httpx.DecodingError: the answer does not unpack.
    """
    for _ in range(_REDIRECTS + 1):
        with closing(client.send(request, stream=True)) as response:
            if follow and response.next_request is not None:
                request = response.next_request
                continue
            content = _content(response, request, seconds)
            headers = [
                (k, v) for k, v in response.headers.raw if k.lower().decode() not in _OF_THE_WAY
            ]
            return httpx.Response(
                response.status_code,
                headers=headers,
                content=content,
                request=request,
                extensions={"reason_phrase": response.reason_phrase.encode("ascii", "replace")},
            )
    raise ForgeAnswerError(f"{place(request)}: redirects without end; is base_url right?")


def _content(response: httpx.Response, request: httpx.Request, seconds: float) -> bytes:
    packing = response.headers.get("content-encoding", "identity").strip().lower()
    if packing not in _PACKINGS:
        raise ForgeAnswerError(
            f"{place(request)}: an answer packed as {packing[:40]!r}, which was not asked for; "
            "is base_url this forge's address?"
        )
    begun = time.monotonic()
    content = bytearray()
    for piece in response.iter_bytes():
        content += piece
        if len(content) > LARGEST_ANSWER:
            raise ForgeAnswerError(
                f"{place(request)}: an answer of more than {LARGEST_ANSWER >> 20} MB; "
                "is base_url this forge's address?"
            )
        if time.monotonic() - begun > seconds:
            raise TransientError(f"an answer without end in {seconds:.0f} seconds")
    return bytes(content)
