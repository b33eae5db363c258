"""The questions put to GitHub's GraphQL API, and what they cost.

The sizes of the inner connections are chosen so that few pull requests need a further request
and a page of 50 stays under 10 points; a connection that is longer is paged to its end.
"""

#: Pull requests a page; the next is taken where GitHub gives up on one (502, no answer in time).
PAGE_SIZES = (50, 25, 12, 4, 1)
#: Sizes of a further page of an inner connection: the most that GitHub gives, and fewer where it
#: gives up.
MORE_SIZES = (100, 25, 5)

_WHO = """
fragment Who on Actor {
  __typename
  login
  ... on User { databaseId }
  ... on Bot { databaseId }
  ... on Mannequin { databaseId }
  ... on Organization { databaseId }
}
"""
_LIMIT = "rateLimit { cost remaining resetAt }"
_PAGE_INFO = "totalCount pageInfo { hasNextPage endCursor }"
_INNER = {
    "commits": "nodes { commit { oid author { user { login } } } }",
    "reviews": (
        "nodes { id state submittedAt author { ...Who } comments(first: 1) { totalCount } }"
    ),
    "labels": "nodes { name }",
    "closingIssuesReferences": "nodes { number repository { nameWithOwner } }",
    "reviewThreads": "nodes { isResolved }",
}
#: First page of each inner connection of a pull request.
INNER_SIZES = {
    "commits": 30,
    "reviews": 10,
    "labels": 20,
    "closingIssuesReferences": 10,
    "reviewThreads": 50,
}


def _inner(name: str) -> str:
    return f"{name}(first: {INNER_SIZES[name]}) {{ {_PAGE_INFO} {_INNER[name]} }}"


_SCALARS = """
  id number url title body state isDraft locked
  author { ...Who }
  authorAssociation createdAt updatedAt closedAt mergedAt
  mergedBy { ...Who }
  mergeCommit { oid }
  headRefOid headRefName headRepository { nameWithOwner }
  baseRefName baseRefOid
  additions deletions changedFiles
  comments(first: 1) { totalCount }
"""
_PULL_REQUEST = f"""
fragment Pull on PullRequest {{{_SCALARS}
  head: commits(last: 1) {{ nodes {{ commit {{ oid statusCheckRollup {{ state }} }} }} }}
  {"".join(chr(10) + "  " + _inner(name) for name in _INNER)}
}}
"""

_LEAN = f"""
fragment Pull on PullRequest {{{_SCALARS}}}
"""

_PAGE = f"""
query PullRequests($owner: String!, $name: String!, $size: Int!, $after: String) {{
  {_LIMIT}
  repository(owner: $owner, name: $name) {{
    nameWithOwner
    pullRequests(
      first: $size, after: $after, orderBy: {{field: UPDATED_AT, direction: DESC}}
    ) {{
      {_PAGE_INFO}
      nodes {{ ...Pull }}
    }}
  }}
}}
{_WHO}"""

PULL_REQUESTS = _PAGE + _PULL_REQUEST
#: Without inner connections, which are asked for one by one.
LEAN_PULL_REQUESTS = _PAGE + _LEAN


def _more(name: str) -> str:
    who = _WHO if "...Who" in _INNER[name] else ""
    return f"""
query More($id: ID!, $size: Int!, $after: String) {{
  {_LIMIT}
  node(id: $id) {{
    ... on PullRequest {{
      {name}(first: $size, after: $after) {{ {_PAGE_INFO} {_INNER[name]} }}
    }}
  }}
}}
{who}"""


#: The rest of an inner connection, by its name.
MORE = {name: _more(name) for name in _INNER}

#: How many pull requests there are.
COUNT = f"""
query Count($owner: String!, $name: String!) {{
  {_LIMIT}
  repository(owner: $owner, name: $name) {{
    nameWithOwner
    pullRequests(first: 1) {{ totalCount }}
  }}
}}
"""

#: How many were updated since a day.
COUNT_SINCE = f"""
query CountSince($search: String!) {{
  {_LIMIT}
  search(query: $search, type: ISSUE, first: 1) {{ issueCount }}
}}
"""


def page_points(size: int) -> int:
    """What a page of pull requests costs by GitHub's published rule.

    A request is counted for each connection of each parent; a hundred are a point.
    https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
    """
    inner = len(_INNER) + 2  # comments and head
    return max(1, round((1 + size * (inner + INNER_SIZES["reviews"])) / 100))
