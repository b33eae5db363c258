"""Errors of talking to a forge; each says what is wrong, where, and what to do."""

from quarterdeck.extractors.errors import ExtractorError


class ForgeError(ExtractorError):
    """A forge could not be read; what was read before is kept."""


class ForgeAccessError(ForgeError):
    """No token, a token that the forge refuses, or one that may not read this repository."""


class ForgeNotFoundError(ForgeError):
    """The repository is not there, or the token may not see it."""


class ForgeLimitError(ForgeError):
    """The forge's limits do not end within the time that a run waits."""


class ForgeUnavailableError(ForgeError):
    """No answer, a cut one or a failing server, also after several attempts."""

    def __init__(self, message: str, *, is_answered: bool = False) -> None:
        super().__init__(message)
        self.is_answered = is_answered  # by an error: it may be this question that it fails on


class ForgeBrokenPartError(ForgeError):
    """The forge fails on this one question each time, and answers others."""


class ForgeAnswerError(ForgeError):
    """The forge refused the question, or its answer is not of the published form."""


class TransientError(Exception):
    """What may go better when it is asked again, or asked for less."""

    def __init__(self, message: str, *, is_answered: bool = False) -> None:
        super().__init__(message)
        self.is_answered = is_answered  # the server said so itself


class LimitedError(Exception):
    """The forge asks to wait: for a while, until its reset, or for a time unsaid."""

    def __init__(self, seconds: float | None = None) -> None:
        super().__init__("limited")
        self.seconds = seconds
