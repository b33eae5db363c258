"""Published descriptions of REST APIs: what may be asked, and what an answer looks like.

The files in tests/data/forges hold the needed part of each, with its source and version. They
come from typed clients in npm; what the descriptions are known to leave out is named here.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

Json = dict[str, Any]
_FOLDER = Path(__file__).parent / "data/forges"
_FORMATS = FormatChecker(formats=())
_FORMATS.checks("date-time", raises=ValueError)(
    lambda value: bool(datetime.fromisoformat(value).tzinfo) if isinstance(value, str) else True
)
#: Gitea's description names no field that can be null; those are, which are pointers or lists in
#: its program and are not always there.
_NULLS = {
    "PullRequest": (
        "assignee", "assignees", "milestone", "merged_at", "merge_commit_sha", "merged_by",
        "due_date", "closed_at", "requested_reviewers", "requested_reviewers_teams",
    ),
    "PRBranchInfo": ("repo",),
    "PullReview": ("user", "team"),
    "Commit": ("author", "committer", "files"),
}  # fmt: skip
_USER = {"anyOf": [{"$ref": "#/components/schemas/SimpleUser"}, {"type": "null"}]}
#: Fields of GitLab's REST documentation that the types of the client leave out.
_MORE: dict[str, Json] = {
    "MergeRequest": {"merge_user": _USER},
    "ExpandedMergeRequest": {"merge_user": _USER},
    "ApprovedByEntity": {"approved_at": {"type": ["string", "null"], "format": "date-time"}},
    "DiscussionNote": {"resolved": {"type": "boolean"}},
}
#: Null where the fork is deleted, and where there is no commit.
_GITLAB_NULLS = ("source_project_id", "sha")


@dataclass(frozen=True)
class Description:
    """One API."""

    document: Json
    registry: Registry[Any] = field(repr=False)
    empties: dict[str, Json] = field(default_factory=dict, repr=False)

    @classmethod
    @cache
    def of(cls, forge: str) -> "Description":
        """Of gitlab or gitea."""
        document = json.loads((_FOLDER / f"{forge}-openapi.json").read_text("utf-8"))
        _amend(document, forge)
        resource = DRAFT202012.create_resource(document)
        return cls(document, Registry().with_resource("urn:description", resource))

    def problems(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> list[str]:
        """What in a request and the answer to it is not as described; `path` without its prefix."""
        found = next(self._operations(method, path), None)
        if found is None:
            return [f"{method} {path} is not described"]
        schema = found["responses"]["200"]["content"]["application/json"]["schema"]
        answer = self._validator(schema).iter_errors(json.loads(body))
        where = [f"{error.json_path}: {error.message}" for error in answer]
        return [*self._asked(found, query), *where]

    def example(self, kind: str, /, **fields: Any) -> Json:
        """An object with all its described fields, and none beside: those not given are empty."""
        schema = self.document["components"]["schemas"][kind]
        unknown = set(fields) - set(schema["properties"])
        assert not unknown, f"{kind} has no {unknown}"
        if kind not in self.empties:
            told = schema["properties"].items()
            self.empties[kind] = {name: self._empty(value) for name, value in told}
        return self.empties[kind] | fields

    def _operations(self, method: str, path: str) -> Iterator[Json]:
        for template, operations in self.document["paths"].items():
            pattern = re.sub(r"\{\w+\}", "[^/]+", template)
            if re.fullmatch(pattern, path) and method.lower() in operations:
                yield operations[method.lower()]

    def _asked(self, operation: Json, query: Mapping[str, str]) -> Iterator[str]:
        known = {p["name"]: p["schema"] for p in operation["parameters"] if p["in"] == "query"}
        for name, text in query.items():
            if name not in known:
                yield f"no such parameter: {name}"
                continue
            is_text = known[name].get("type") == "string"
            value = text if is_text else json.loads(text)
            errors = self._validator(known[name]).iter_errors(value)
            yield from (f"{name}: {error.message}" for error in errors)

    def _validator(self, schema: Json) -> Draft202012Validator:
        absolute = json.loads(json.dumps(schema).replace('"#/', '"urn:description#/'))
        return Draft202012Validator(absolute, registry=self.registry, format_checker=_FORMATS)

    def _empty(self, schema: Json) -> Any:
        if "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        if "enum" in schema:
            return schema["enum"][0]
        kinds = schema.get("type", "null")
        if "null" in kinds:
            return None
        if kinds == "object":
            needed = schema.get("required", ())
            return {name: self._empty(schema["properties"][name]) for name in needed}
        if schema.get("format") == "date-time":
            return "2026-03-01T08:00:00Z"
        return {"string": "", "number": 0, "boolean": False, "array": []}[kinds]


def _amend(document: Json, forge: str) -> None:
    schemas = document["components"]["schemas"]
    if forge == "gitea":
        for kind, names in _NULLS.items():
            for name in names:
                _allow_null(schemas[kind]["properties"], name)
        return
    for kind, more in _MORE.items():
        schemas[kind]["properties"].update(more)
    for kind in ("MergeRequest", "ExpandedMergeRequest"):
        for name in _GITLAB_NULLS:
            _allow_null(schemas[kind]["properties"], name)
    listed = document["paths"]["/projects/{id}/merge_requests"]["get"]["parameters"]
    next(p for p in listed if p["name"] == "state")["schema"]["enum"].append("all")


def _allow_null(properties: Json, name: str) -> None:
    properties[name] = {"anyOf": [properties[name], {"type": "null"}]}
