"""Settings: one `quarterdeck.toml`, checked; environment variables override it."""

import difflib
import os
import tomllib
from contextvars import ContextVar
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal
from zoneinfo import available_timezones

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import SettingsError as UnreadableVariableError

from quarterdeck.extractors.file_classes import FileClassRuleError, load_rules
from quarterdeck.extractors.repository import without_credentials
from quarterdeck.extractors.store_files import store_problem
from quarterdeck.flows.authorship_settings import AuthorshipSettings
from quarterdeck.flows.errors import SettingsError
from quarterdeck.flows.forge_api_settings import ForgeSettings, forges_conflict
from quarterdeck.flows.forge_settings import (
    PullRequestTableSettings,
    ReviewTableSettings,
    twice,
)
from quarterdeck.flows.multiple_settings import (
    DEFAULT_BASELINE,
    Definition,
    MultipleSettings,
    Preset,
    plain_baseline,
    read_baseline,
)
from quarterdeck.flows.people_settings import (
    ContributorSettings,
    KeepApartSettings,
    TeamSettings,
    checked_rules,
    conflict,
)
from quarterdeck.flows.repository_settings import (
    ExclusionSettings,
    RepositorySettings,
    remedied,
)
from quarterdeck.flows.tier_settings import TierSettings
from quarterdeck.sql.agents import SignalError, WeightError, default_weights, load_signals
from quarterdeck.sql.objects import SCHEMAS

FILE_NAME = "quarterdeck.toml"
ENVIRONMENT_PREFIX = "QUARTERDECK_"
# Of ours in the environment, without the prefix, and no settings.
_OTHER_VARIABLES = ("SETTINGS", "PRIVACY_KEY", "WORKER_FOLDER")
_NEAR = 0.74  # likeness of names, by difflib: two of four letters changed about
_file_values: ContextVar[dict[str, Any] | None] = ContextVar(
    "quarterdeck_file_values", default=None
)


class Settings(BaseSettings):
    """Everything that changes what the pipeline reads or says; see `docs/settings.md`."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    organisation: str = Field(default="Organisation", min_length=1)
    lake: Path = Path(".quarterdeck/lake")
    lake_store: str | None = None
    dask: str | None = Field(default=None, pattern=r"^(tcp|tls|ws|wss)://[^/@\s]+$")
    database: Path = Path(".quarterdeck/quarterdeck.duckdb")
    reports: Path = Path(".quarterdeck/reports")
    report_name: str = Field(default="report.html", pattern=r"^[^/]+$")
    release_marks: bool | Path = False
    clones: Path = Path(".quarterdeck/clones")
    clones_keep_days: int = Field(default=30, ge=1)
    metrics_file: Path | None = None
    report_url: str | None = Field(default=None, pattern=r"^https?://\S+$")
    repositories: list[RepositorySettings] = []
    jobs: int = Field(default=0, ge=0, le=256)
    lines: bool = True
    time_zone: str = "UTC"
    agents_since: date = date(2021, 6, 29)
    baseline: str = "default"
    cutoff: datetime | None = None
    fiscal_year_start: int = Field(default=1, ge=1, le=12)
    preset: Preset = "anthropic-2026"
    multiple: MultipleSettings = MultipleSettings()
    merge_window_days: int = Field(default=30, ge=1, le=366)
    tiers: TierSettings = TierSettings()
    split_squashes: bool = True
    prefect: Literal["auto", "never"] = "auto"
    exclusions: list[ExclusionSettings] = []
    contributors: list[ContributorSettings] = []
    keep_apart: list[KeepApartSettings] = []
    identity_rules: list[str] = ["name-login", "name-domain"]
    teams: list[TeamSettings] = []
    privacy: Literal["open", "pseudonymous"] = "open"
    privacy_key_file: Path = Path(".quarterdeck/privacy.key")
    file_classes: list[dict[str, Any]] = []
    signals: list[dict[str, Any]] = []
    weights: dict[str, float] = Field(default_factory=default_weights)
    authorship: list[AuthorshipSettings] = []
    forges: list[ForgeSettings] = []
    pull_request_tables: list[PullRequestTableSettings] = []
    review_tables: list[ReviewTableSettings] = []
    other_repositories: bool = True

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The call goes before the environment, and that before the file."""
        return (
            init_settings,
            env_settings,
            InitSettingsSource(settings_cls, _file_values.get() or {}),
        )

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise remedied("not a time zone", "use an IANA name such as Europe/Berlin or UTC")
        return value

    @field_validator("baseline")
    @classmethod
    def _known_baseline(cls, value: str) -> str:
        if value in ("default", "auto"):
            return value
        return plain_baseline(value)

    @field_validator("weights")
    @classmethod
    def _all_weights(cls, value: dict[str, float]) -> dict[str, float]:
        return {**default_weights(), **value}

    @field_validator("identity_rules")
    @classmethod
    def _known_rules(cls, value: list[str]) -> list[str]:
        return checked_rules(value)

    @field_validator("database")
    @classmethod
    def _no_schema_name(cls, value: Path) -> Path:
        if value.stem in SCHEMAS:
            raise remedied(
                "DuckDB could not tell the file from its schema of that name",
                "choose another file name, such as quarterdeck.duckdb",
            )
        return value

    @field_validator("lake", mode="before")
    @classmethod
    def _on_this_disk(cls, value: object) -> object:
        if "://" in str(value):
            raise remedied("the lake is on this machine's disk", "name the URL as lake_store")
        return value

    @field_validator("lake_store")
    @classmethod
    def _known_store(cls, value: str | None) -> str | None:
        if value is not None and (problem := store_problem(value)) is not None:
            raise ValueError(problem)
        return value

    @field_validator("metrics_file")
    @classmethod
    def _prom(cls, value: Path | None) -> Path | None:
        if value is not None and value.suffix != ".prom":
            raise remedied("the collector reads no such file", "let its name end in .prom")
        return value

    @field_validator("cutoff")
    @classmethod
    def _cutoff_utc(cls, value: datetime | None) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    @model_validator(mode="after")
    def _baseline_in_order(self) -> "Settings":
        if self.baseline not in ("auto", "default") and self.baseline_days is None:
            raise remedied(
                f"baseline {self.baseline} ends before it begins",
                f"mind that the fiscal year starts in month {self.fiscal_year_start}",
            )
        return self

    @model_validator(mode="after")
    def _workers_have_a_store(self) -> "Settings":
        if self.dask is not None and self.lake_store is None:
            raise remedied(
                "dask is set, and lake_store is not",
                "name the object store or the shared folder to which the workers publish",
            )
        return self

    @property
    def baseline_days(self) -> tuple[date, date] | None:
        """First and last day of the baseline range; None for `auto`."""
        value = DEFAULT_BASELINE if self.baseline == "default" else self.baseline
        return read_baseline(value, self.fiscal_year_start)

    @property
    def definition(self) -> Definition:
        """The choices of the multiple in force: the preset's, and what goes before them."""
        return self.multiple.in_force(self.preset)

    @property
    def git_processes(self) -> int:
        """`jobs`; where that is 0, one a core and at most 8, since disks do not scale further."""
        return self.jobs or min(os.cpu_count() or 2, 8)

    @property
    def report(self) -> Path:
        """Where the report is written."""
        return self.reports / self.report_name


def load_settings(file: Path | None = None, **overrides: Any) -> Settings:
    """Read the settings file and the environment, and check them.

    Args:
        file: the settings file; without it, `quarterdeck.toml` in the working directory if
            there is one. Paths in it are relative to its folder.
        overrides: values that go before the environment's, such as from the command line.

    Raises:
        SettingsError: the file is missing or not TOML, a value does not fit, or a variable of
            the environment is nearly the name of a setting.
    """
    if file is None and Path(FILE_NAME).is_file():
        file = Path(FILE_NAME)
    _check_variables()
    values = _read(file) if file is not None else {}
    base = file.absolute().parent if file is not None else Path.cwd()
    token = _file_values.set(values)
    try:
        settings = Settings(**{k: v for k, v in overrides.items() if v is not None})
    except ValidationError as error:
        raise SettingsError(_explain(error, file)) from error
    except UnreadableVariableError as error:
        raise SettingsError(
            f"environment: {error}; lists and tables are written as JSON there"
        ) from error
    finally:
        _file_values.reset(token)
    _check_rules(settings, file)
    return _with_absolute_paths(settings, base)


def _check_variables() -> None:
    """Others set variables of our prefix, too (as Kubernetes for a service); not such near ones."""
    names = {*(name.upper() for name in Settings.model_fields), *_OTHER_VARIABLES}
    for variable in sorted(os.environ):
        name = variable.upper().partition("__")[0]
        if not name.startswith(ENVIRONMENT_PREFIX):
            continue
        name = name.removeprefix(ENVIRONMENT_PREFIX)
        near = difflib.get_close_matches(name, sorted(names), n=1, cutoff=_NEAR)
        if near and name not in names:
            raise SettingsError(
                f"environment: {variable} is no setting; did you mean "
                f"{ENVIRONMENT_PREFIX}{near[0]}? Correct or unset it"
            )


def _check_rules(settings: Settings, file: Path | None) -> None:
    """Check the user's own rules now rather than after an hour of mining."""
    where = str(file) if file is not None else "settings"
    if problem := conflict(settings.contributors, settings.keep_apart, settings.teams):
        raise SettingsError(f"{where}: {problem}")
    if problem := forges_conflict(settings.forges):
        raise SettingsError(f"{where}: key 'forges': {problem}")
    if problem := twice(settings.pull_request_tables, settings.review_tables):
        raise SettingsError(f"{where}: {problem}")
    try:
        if settings.file_classes:
            load_rules(settings.file_classes)
        if settings.signals or settings.weights != default_weights():
            load_signals(settings.signals, settings.weights)
    except (FileClassRuleError, SignalError) as error:
        key = "weights" if isinstance(error, WeightError) else "signals"
        key = "file_classes" if isinstance(error, FileClassRuleError) else key
        raise SettingsError(f"{where}: key '{key}': {error}") from error


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(
            f"{file}: no such file; `quarterdeck init` writes one with every key explained"
        ) from error
    except OSError as error:
        raise SettingsError(
            f"{file}: cannot be read: {error.strerror}; make it readable"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: not valid TOML: {error}; correct it there") from error


def _with_absolute_paths(settings: Settings, base: Path) -> Settings:
    places = {
        key: base / getattr(settings, key)
        for key in ("lake", "database", "reports", "clones", "privacy_key_file")
    }
    store = settings.lake_store
    if store is not None and "://" not in store:
        store = str(base / Path(store).expanduser())
    repositories = [
        r.model_copy(update={"path": base / r.path.expanduser()}) if r.path is not None else r
        for r in settings.repositories
    ]
    tables = {
        key: [
            table.model_copy(update={"path": str(base / Path(table.path).expanduser())})
            for table in getattr(settings, key)
        ]
        for key in ("pull_request_tables", "review_tables")
    }
    if settings.metrics_file is not None:
        places["metrics_file"] = base / settings.metrics_file.expanduser()
    if isinstance(settings.release_marks, Path):
        places["release_marks"] = base / settings.release_marks.expanduser()
    return settings.model_copy(
        update={**places, **tables, "repositories": repositories, "lake_store": store}
    )


def _explain(error: ValidationError, file: Path | None) -> str:
    where = str(file) if file is not None else "settings"
    lines = []
    for item in error.errors():
        key = ".".join(str(part) for part in item["loc"]) or "settings"
        message = item["msg"].removeprefix("Value error, ")
        value = _shown(item)
        if item["type"] == "extra_forbidden":
            near = difflib.get_close_matches(str(item["loc"][-1]), Settings.model_fields, n=1)
            message = "no such key" + (f"; did you mean '{near[0]}'?" if near else "; remove it")
        elif item["type"] != "value_error":
            message += "; see docs/settings.md, or `quarterdeck init` for a commented example"
        variable = f" (or {ENVIRONMENT_PREFIX}{key.upper()} in the environment)"
        lines.append(f"{where}: key '{key}'{variable if '.' not in key else ''}: {value}{message}")
    return "\n".join(lines)


def _shown(item: ErrorDetails) -> str:
    """The value that does not fit; not of a key that we do not know, or where a token may stand."""
    is_unknown = item["type"] == "extra_forbidden" or isinstance(item["input"], dict)
    if is_unknown or item["loc"][-1:] == ("token_env",):
        return ""
    value = without_credentials(repr(item["input"]))
    return (value if len(value) <= 80 else value[:77] + "...") + ": "


def template() -> str:
    """A commented `quarterdeck.toml` in which every key stands with its default."""
    return (files(__package__) / "template.toml").read_text(encoding="utf-8")
