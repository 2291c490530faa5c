"""The client of the SDK, and what is asked of every group of its operations.

Environment: MANAGEMENT and GATEWAY are URLs, TOKEN is the management token, BACKEND a URL that answers with the
request as text.
"""

import os
import urllib.error
import urllib.request

from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.apimanagement import ApiManagementClient, models as m

GROUP, SERVICE = "rg", "contoso"
GATEWAY, BACKEND = os.environ["GATEWAY"], os.environ["BACKEND"]
checks = 0


class Bearer(SansIOHTTPPolicy):
    """The token over plain HTTP on loopback, which the SDK's own policy refuses."""

    def on_request(self, request):
        request.http_request.headers["Authorization"] = "Bearer " + os.environ["TOKEN"]


class NoCredential:
    def get_token(self, *scopes, **kwargs):
        raise AssertionError("the authentication policy above is used")


client = ApiManagementClient(
    NoCredential(), "00000000-0000-0000-0000-000000000000", base_url=os.environ["MANAGEMENT"],
    authentication_policy=Bearer(), polling_interval=0,
)


def check(is_right, message):
    global checks
    checks += 1
    if not is_right:
        raise AssertionError(message)


def fails(status, call, code=None):
    try:
        call()
    except HttpResponseError as error:
        check(error.status_code == status, f"expected {status}: {error}")
        check(code is None or error.error.code == code, f"expected {code}: {error}")
        return error
    raise AssertionError(f"expected {status}")


def etag_of(response, _, headers):
    return response.http_response.headers["ETag"]


def call(operations, *names):
    """The first of some methods that the SDK has; long-running ones are waited for."""
    for name in names:
        method = getattr(operations, name, None)
        if method is not None:
            def wait(*args, **kwargs):
                result = method(*args, **kwargs)
                return result.result() if name.startswith("begin_") else result
            return wait
    raise AssertionError(f"{operations} has none of {names}")


def every_verb(operations, owner, make, change, changed, listing="list_by_service", filters=None):
    """Three entities are made, read, listed, filtered, paged, changed with ETags and deleted."""
    at = (GROUP, SERVICE, *owner)
    what = type(operations).__name__
    create = call(operations, "begin_create_or_update", "create_or_update")
    # What has no update is changed by making it again.
    update = call(operations, "begin_update", "update", "begin_create_or_update", "create_or_update")
    delete = call(operations, "begin_delete", "delete")
    exists = call(operations, "get_entity_tag", "get_entity_state")
    for number in (1, 2, 3):
        made = create(*at, f"x{number}", make(number))
        check(made.name == f"x{number}" and made.id.endswith(f"/x{number}"), f"{what}: {made}")
        got = operations.get(*at, f"x{number}")
        check(got.as_dict() == made.as_dict(), f"{what}: {got} {made}")
        check(exists(*at, f"x{number}") is True, what)
    fails(404, lambda: operations.get(*at, "none"), "ResourceNotFound")
    every = call(operations, listing, "list_by_service", "list")
    names = [one.name for one in every(*at)]
    check({"x1", "x2", "x3"} <= set(names), f"{what}: {names}")
    pages = [[one.name for one in page] for page in every(*at, top=2).by_page()]
    check([name for page in pages for name in page] == names, f"{what}: {pages}")
    check(all(len(page) == 2 for page in pages[:-1]) and len(pages) > 1, f"{what}: {pages}")
    check([one.name for one in every(*at, skip=len(names) - 1)] == names[-1:], what)
    # The SDK has an argument for these in places only.
    ordered = [one.name for one in every(*at, params={"$orderby": "name desc"})]
    check(ordered == sorted(names, reverse=True), f"{what}: {ordered}")
    if filters:
        found = [one.name for one in every(*at, params={"$filter": filters})]
        check(found == ["x2"], f"{what}: {filters}: {found}")
    if change is not None:
        old = exists(*at, "x1", cls=etag_of)
        fails(412, lambda: update(*at, "x1", if_match='"other"', parameters=change), "PreconditionFailed")
        update(*at, "x1", if_match=old, parameters=change)
        new = exists(*at, "x1", cls=etag_of)
        check(old != new, f"{what}: the ETag stays {old}")
        check(changed(operations.get(*at, "x1")), f"{what}: {operations.get(*at, 'x1')}")
        fails(412, lambda: update(*at, "x1", if_match=old, parameters=change))
    fails(412, lambda: delete(*at, "x1", if_match='"other"'))
    for number in (1, 2, 3):
        delete(*at, f"x{number}", if_match="*")
        fails(404, lambda: operations.get(*at, f"x{number}"))
    delete(*at, "x1", if_match="*")


def request(path, headers=None, body=None):
    """Status and body of a request of a client of the gateway."""
    try:
        with urllib.request.urlopen(urllib.request.Request(GATEWAY + path, body, headers or {})) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
