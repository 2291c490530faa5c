"""Drives a running gateway with Microsoft's packaged SDK, azure-mgmt-apimanagement, as it comes from PyPI.

Environment: MANAGEMENT and GATEWAY are URLs, TOKEN is the management token, BACKEND a URL that answers with the
request as text. Prints `sdk python: N checks passed`; the first failure is an exception.
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
    update = call(operations, "begin_update", "update") if change is not None else None
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
    if filters:
        found = [one.name for one in every(*at, filter=filters)]
        check(found == ["x2"], f"{what}: {filters}: {found}")
    if update:
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


def request(path, headers=None):
    """Status and body of a request of a client of the gateway."""
    try:
        with urllib.request.urlopen(urllib.request.Request(GATEWAY + path, headers=headers or {})) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def scope_of_entities(prefix, owner):
    """What a service and a workspace both have."""
    def group(name):
        return getattr(client, prefix + name)

    listing = "list_by_service" if not prefix else "list_by_workspace"
    subject = "service" if not prefix else "workspace"
    at = (GROUP, SERVICE, *owner)
    every_verb(
        group("backend"), owner,
        lambda n: m.BackendContract(url=f"https://h{n}.example", protocol="http", title=f"T{n}"),
        m.BackendUpdateParameters(description="new"), lambda one: one.description == "new", listing, "title eq 't2'",
    )
    every_verb(
        group("named_value"), owner,
        lambda n: m.NamedValueCreateContract(display_name=f"v{n}", value="v", tags=[f"t{n}"]),
        m.NamedValueUpdateParameters(tags=["new"]), lambda one: one.tags == ["new"], listing,
        "tags/any(t: t eq 't2')",
    )
    every_verb(
        group("api"), owner,
        lambda n: m.ApiCreateOrUpdateParameter(display_name=f"A{n}", path=f"{subject}{n}", protocols=["https"]),
        m.ApiUpdateContract(description="new"), lambda one: one.description == "new", listing,
        "displayName eq 'A2' and isCurrent eq true",
    )
    call(group("api"), "begin_create_or_update")(
        *at, "base", m.ApiCreateOrUpdateParameter(display_name="Base", path=f"{subject}-base", protocols=["https"])
    )
    inner = (*owner, "base")
    every_verb(
        group("api_operation"), inner,
        lambda n: m.OperationContract(display_name=f"O{n}", method="GET", url_template=f"/o{n}"),
        m.OperationUpdateContract(description="new"), lambda one: one.description == "new", "list_by_api",
        "displayName eq 'O2'",
    )
    every_verb(
        group("api_schema"), inner,
        lambda n: m.SchemaContract(content_type=f"application/x{n}", value="{}"),
        None, None, "list_by_api", "contentType eq 'application/x2'",
    )
    every_verb(
        group("api_version_set"), owner,
        lambda n: m.ApiVersionSetContract(display_name=f"S{n}", versioning_scheme="Segment"),
        m.ApiVersionSetUpdateParameters(versioning_scheme="Query", version_query_name="v"),
        lambda one: one.version_query_name == "v", listing,
    )
    every_verb(
        group("global_schema"), owner,
        lambda n: m.GlobalSchemaContract(schema_type="json", description=f"D{n}", document={"type": "object"}),
        None, None, listing, "description eq 'D2'",
    )
    # The SDK's list of fragments takes `orderby` as well.
    every_verb(
        group("policy_fragment"), owner,
        lambda n: m.PolicyFragmentContract(
            format="rawxml", description=f"D{n}",
            value=f'<fragment><set-header name="x{n}"><value>@("a" + "{n}")</value></set-header></fragment>'),
        None, None, listing, "description eq 'D2'",
    )
    every_verb(
        group("product"), owner, lambda n: m.ProductContract(display_name=f"P{n}"),
        m.ProductUpdateParameters(state="published"), lambda one: one.state == "published", listing,
        "displayName eq 'P2'",
    )
    every_verb(
        group("subscription"), owner,
        lambda n: m.SubscriptionCreateParameters(display_name=f"U{n}", scope="/apis", state="active"),
        m.SubscriptionUpdateParameters(state="suspended"), lambda one: one.state == "suspended",
        "list" if not prefix else "list", "displayName eq 'U2'",
    )
    every_verb(
        group("logger"), owner,
        lambda n: m.LoggerContract(
            logger_type="azureEventHub", description=f"L{n}", credentials={
                "name": "hub", "connectionString":
                "Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=s;SharedAccessKey=YWJj"}),
        m.LoggerUpdateContract(description="new"), lambda one: one.description == "new", listing,
        "description eq 'L2'",
    )
    group("logger").create_or_update(*at, "base", m.LoggerContract(logger_type="azureMonitor"))
    every_verb(
        group("diagnostic"), owner, lambda n: m.DiagnosticContract(logger_id="/loggers/base"),
        m.DiagnosticUpdateContract(verbosity="error") if prefix else m.DiagnosticContract(
            logger_id="/loggers/base", verbosity="error"),
        lambda one: one.verbosity == "error", listing,
    )
    every_verb(
        group("api_diagnostic"), inner, lambda n: m.DiagnosticContract(logger_id="/loggers/base"),
        m.DiagnosticUpdateContract(verbosity="error") if prefix else m.DiagnosticContract(
            logger_id="/loggers/base", verbosity="error"),
        lambda one: one.verbosity == "error", "list_by_service" if not prefix else "list_by_workspace",
    )
    every_verb(
        group("group"), owner, lambda n: m.GroupCreateParameters(display_name=f"G{n}"),
        m.GroupUpdateParameters(description="new"), lambda one: one.description == "new", listing,
        "displayName eq 'G2'",
    )
    every_verb(
        group("tag"), owner, lambda n: m.TagCreateUpdateParameters(display_name=f"T{n}"),
        m.TagCreateUpdateParameters(display_name="new"), lambda one: one.display_name == "new", listing,
        "displayName eq 'T2'",
    )
    every_verb(
        group("certificate"), owner,
        lambda n: m.CertificateCreateOrUpdateParameters(data=os.environ["CERTIFICATE"], password=""),
        None, None, listing,
    )
    text = '<policies><inbound><set-variable name="a" value="@("x" == "y" && 1 < 2)" /></inbound><backend /></policies>'
    policy = m.PolicyContract(value=text, format="rawxml")
    group("api_policy").create_or_update(*at, "base", "policy", policy)
    got = group("api_policy").get(*at, "base", "policy", format="rawxml")
    check(got.value == text, got)
    got = group("api_policy").get(*at, "base", "policy")
    check("&quot;x&quot;" in got.value, got)
    check(group("api_policy").get_entity_tag(*at, "base", "policy") is True, "policy")
    wrong = m.PolicyContract(value="<policies>\n  <nonsense />\n</policies>", format="rawxml")
    error = fails(400, lambda: group("api_policy").create_or_update(*at, "base", "policy", wrong), "ValidationError")
    check("line 2, column 3" in error.error.details[0].message, error.error.details)
    group("api_policy").delete(*at, "base", "policy", if_match="*")
    call(group("api"), "begin_delete", "delete")(*at, "base", if_match="*")
    group("logger").delete(*at, "base", if_match="*")


def only_of_the_service():
    at = (GROUP, SERVICE)
    service = client.api_management_service.get(*at)
    check(service.name == SERVICE and service.provisioning_state == "Succeeded", service)
    every_verb(
        client.cache, (), lambda n: m.CacheContract(connection_string="redis,password=p", use_from_location="default"),
        m.CacheUpdateParameters(description="new"), lambda one: one.description == "new",
    )
    every_verb(
        client.gateway, (),
        lambda n: m.GatewayContract(location_data=m.ResourceLocationDataContract(name=f"here{n}")),
        m.GatewayContract(description="new"), lambda one: one.description == "new",
    )
    every_verb(
        client.user, (),
        lambda n: m.UserCreateParameters(email=f"u{n}@example.com", first_name="A", last_name="B", password="not kept"),
        m.UserUpdateParameters(note="new"), lambda one: one.note == "new", filters="email eq 'U2@example.com'",
    )
    every_verb(
        client.workspace, (), lambda n: m.WorkspaceContract(display_name=f"W{n}"),
        m.WorkspaceContract(description="new"), lambda one: one.description == "new", filters="displayName eq 'W2'",
    )
    descriptions = client.policy_description.list_by_service(*at)
    check("set-header" in [one.name for one in descriptions.value], descriptions)


def the_data_plane_follows():
    at = (GROUP, SERVICE)
    check(request("/a/x")[0] == 404, "nothing is there yet")
    api = m.ApiCreateOrUpdateParameter(
        display_name="A", path="a", service_url=BACKEND + "/up", protocols=["https"], subscription_required=False)
    client.api.begin_create_or_update(*at, "a", api).result()
    client.api_operation.create_or_update(
        *at, "a", "x", m.OperationContract(display_name="x", method="GET", url_template="/x"))
    status, text = request("/a/x")
    check(status == 200 and "GET /up/x" in text, text)

    client.named_value.begin_create_or_update(
        *at, "n", m.NamedValueCreateContract(display_name="n", value="red", secret=True)).result()
    check(client.named_value.get(*at, "n").value is None, "a secret comes back")
    check(client.named_value.list_value(*at, "n").value == "red", "listValue")
    client.backend.create_or_update(*at, "b", m.BackendContract(url=BACKEND + "/other", protocol="http"))
    client.policy_fragment.begin_create_or_update(*at, "f", m.PolicyFragmentContract(
        format="rawxml", value='<fragment><set-header name="x-n"><value>{{n}}</value></set-header></fragment>')).result()
    document = ('<policies><inbound><base /><set-backend-service backend-id="b" /><include-fragment fragment-id="f" />'
                "</inbound><backend><base /></backend><outbound><base /></outbound></policies>")
    client.api_policy.create_or_update(*at, "a", "policy", m.PolicyContract(value=document, format="rawxml"))
    text = request("/a/x")[1]
    check("GET /other/x" in text and "x-n: red" in text, text)
    client.named_value.begin_update(*at, "n", if_match="*", parameters=m.NamedValueUpdateParameters(value="blue")).result()
    check("x-n: blue" in request("/a/x")[1], "the named value does not change")
    client.backend.update(*at, "b", if_match="*", parameters=m.BackendUpdateParameters(url=BACKEND + "/third"))
    check("GET /third/x" in request("/a/x")[1], "the backend does not change")
    client.backend.reconnect(*at, "b")
    for used in (lambda: client.backend.delete(*at, "b", if_match="*"),
                 lambda: client.named_value.delete(*at, "n", if_match="*"),
                 lambda: client.policy_fragment.delete(*at, "f", if_match="*")):
        fails(400, used, "ValidationError")
    used_by = client.policy_fragment.list_references(*at, "f")
    check(used_by.count == 1 and used_by.value[0].id.endswith("/apis/a/policies/policy"), used_by)

    client.product.create_or_update(*at, "p", m.ProductContract(display_name="P"))
    client.product_api.create_or_update(*at, "p", "a")
    check(client.product_api.check_entity_exists(*at, "p", "a") is True, "link")
    check([one.name for one in client.product_api.list_by_product(*at, "p")] == ["a"], "link")
    client.product_api_link.create_or_update(*at, "p", "link", m.ProductApiLinkContract(api_id="/apis/a"))
    check([one.name for one in client.product_api_link.list_by_product(*at, "p")] == ["link"], "link")
    client.group.create_or_update(*at, "g", m.GroupCreateParameters(display_name="G"))
    client.product_group.create_or_update(*at, "p", "g")
    check(client.product_group.check_entity_exists(*at, "p", "g") is True, "link")
    client.user.create_or_update(*at, "u", m.UserCreateParameters(email="u@example.com", first_name="A", last_name="B"))
    client.group_user.create(*at, "g", "u")
    check([one.name for one in client.user_group.list(*at, "u")] == ["g"], "group")
    client.gateway.create_or_update(
        *at, "here", m.GatewayContract(location_data=m.ResourceLocationDataContract(name="here")))
    client.gateway_api.create_or_update(*at, "here", "a")
    client.tag.create_or_update(*at, "t", m.TagCreateUpdateParameters(display_name="T"))
    client.tag.assign_to_api(*at, "a", "t")
    client.tag.assign_to_operation(*at, "a", "x", "t")
    client.tag.assign_to_product(*at, "p", "t")
    check([one.name for one in client.tag.list_by_api(*at, "a")] == ["t"], "tag")
    for links, link in (
        (client.tag_api_link, m.TagApiLinkContract(api_id="/apis/a")),
        (client.tag_product_link, m.TagProductLinkContract(product_id="/products/p")),
        (client.tag_operation_link, m.TagOperationLinkContract(operation_id="/apis/a/operations/x")),
    ):
        links.create_or_update(*at, "t", "link", link)
        listing = next(getattr(links, name) for name in dir(links) if name.startswith("list"))
        check([one.name for one in listing(*at, "t")] == ["link"], f"{links}")
        links.delete(*at, "t", "link")
        check(not list(listing(*at, "t")), f"{links}")
    client.product_policy.create_or_update(*at, "p", "policy", m.PolicyContract(format="rawxml", value=(
        '<policies><inbound><base /><set-header name="x-product"><value>@(context.Product.Name)</value></set-header>'
        "</inbound><backend><base /></backend></policies>")))
    client.api_operation_policy.create_or_update(*at, "a", "x", "policy", m.PolicyContract(format="rawxml", value=(
        '<policies><inbound><base /><set-header name="x-operation"><value>1</value></set-header>'
        "</inbound><backend><base /></backend></policies>")))
    client.policy.create_or_update(*at, "policy", m.PolicyContract(format="rawxml", value=(
        '<policies><inbound><set-header name="x-global"><value>1</value></set-header>'
        "</inbound><backend><forward-request /></backend><outbound /></policies>")))
    client.subscription.create_or_update(*at, "s", m.SubscriptionCreateParameters(
        display_name="S", scope="/products/p", owner_id="/users/u", state="active"))
    client.api.update(*at, "a", if_match="*", parameters=m.ApiUpdateContract(subscription_required=True))
    check(request("/a/x")[0] == 401, "no key is asked for")
    keys = client.subscription.list_secrets(*at, "s")
    check(client.subscription.get(*at, "s").primary_key is None, "a key comes back")
    key = {"Ocp-Apim-Subscription-Key": keys.primary_key}
    status, text = request("/a/x", key)
    check(status == 200, text)
    for header in ("x-product: P", "x-operation: 1", "x-global: 1"):
        check(header in text, text)
    client.subscription.regenerate_primary_key(*at, "s")
    check(request("/a/x", key)[0] == 401, "the old key is good")
    client.subscription.regenerate_secondary_key(*at, "s")
    keys = client.subscription.list_secrets(*at, "s")
    key = {"Ocp-Apim-Subscription-Key": keys.secondary_key}
    check(request("/a/x", key)[0] == 200, "the new key is not good")

    revision = m.ApiCreateOrUpdateParameter(
        display_name="A", path="a", source_api_id="/apis/a", service_url=BACKEND + "/up", protocols=["https"])
    client.api.begin_create_or_update(*at, "a;rev=2", revision).result()
    client.api_policy.delete(*at, "a;rev=2", "policy", if_match="*")
    check("GET /third/x" in request("/a/x", key)[1] and "GET /up/x" in request("/a;rev=2/x", key)[1], "revision")
    client.api_release.create_or_update(*at, "a", "r", m.ApiReleaseContract(api_id="/apis/a;rev=2", notes="go"))
    check("GET /up/x" in request("/a/x", key)[1], "release")
    revisions = {one.api_revision: one.is_current for one in client.api_revision.list_by_service(*at, "a")}
    check(revisions == {"1": False, "2": True}, revisions)
    check([one.notes for one in client.api_release.list_by_service(*at, "a")] == ["go"], "release")

    document = ('{"openapi": "3.0.3", "info": {"title": "Pets", "version": "1"}, "servers": [{"url": "https://p.example"}],'
                '"paths": {"/pets/{id}": {"get": {"operationId": "getPet", "parameters": [{"name": "id", "in": "path",'
                '"required": true, "schema": {"type": "string"}}], "responses": {"200": {"description": "ok"}}}}}}')
    client.api.begin_create_or_update(*at, "pets", m.ApiCreateOrUpdateParameter(
        format="openapi+json", value=document, path="pets", service_url=BACKEND + "/pets-up",
        subscription_required=False)).result()
    check([one.name for one in client.api_operation.list_by_api(*at, "pets")] == ["getpet"], "import")
    exported = client.api_export.get(*at, "pets", format="openapi+json-link", export="true")
    with urllib.request.urlopen(exported.value.link) as answer:
        check(b"/pets/{id}" in answer.read(), "the link of an export")
    check("GET /pets-up/pets/7" in request("/pets/pets/7")[1], "import")
    client.policy.delete(*at, "policy", if_match="*")
    client.api.begin_delete(*at, "a", if_match="*", delete_revisions=True).result()
    check(request("/a/x", key)[0] == 404, "the API is still there")
    client.user.begin_delete(*at, "u", if_match="*", delete_subscriptions=True).result()
    fails(404, lambda: client.subscription.get(*at, "s"))


def run():
    for there in client.product.list_by_service(GROUP, SERVICE):
        assert there.name, there
    only_of_the_service()
    scope_of_entities("", ())
    client.workspace.create_or_update(GROUP, SERVICE, "w", m.WorkspaceContract(display_name="W"))
    scope_of_entities("workspace_", ("w",))
    the_data_plane_follows()
    print(f"sdk python: {checks} checks passed")


if __name__ == "__main__":
    run()
