"""Drives a running gateway with Microsoft's packaged SDK, azure-mgmt-apimanagement, as it comes from PyPI.

Environment: what `sdk.py` and `key_vault.py` say, and CERTIFICATE and OTHER_CERTIFICATE, in PEM with their keys. Prints
`sdk python: N checks passed`; the first failure is an exception.
"""

import os
import urllib.request

from azure.mgmt.apimanagement import models as m

import key_vault
import links
import sdk
from sdk import BACKEND, GROUP, SERVICE, call, check, client, etag_of, every_verb, fails, request


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
        m.SchemaContract(content_type="text/xml", value="<x />"), lambda one: one.content_type == "text/xml", "list_by_api", "contentType eq 'application/x2'",
    )
    every_verb(
        group("api_version_set"), owner,
        lambda n: m.ApiVersionSetContract(display_name=f"S{n}", versioning_scheme="Segment"),
        m.ApiVersionSetUpdateParameters(versioning_scheme="Query", version_query_name="v"),
        lambda one: one.version_query_name == "v", listing, "displayName eq 'S2'",
    )
    every_verb(
        group("global_schema"), owner,
        lambda n: m.GlobalSchemaContract(schema_type="json", description=f"D{n}", document={"type": "object"}),
        m.GlobalSchemaContract(schema_type="json", description="new", document={"type": "array"}),
        lambda one: one.description == "new" and one.document == {"type": "array"}, listing, "description eq 'D2'",
    )
    every_verb(
        group("policy_fragment"), owner,
        lambda n: m.PolicyFragmentContract(
            format="rawxml", description=f"D{n}",
            value=f'<fragment><set-header name="x{n}"><value>@("a" + "{n}")</value></set-header></fragment>'),
        m.PolicyFragmentContract(format="rawxml", value="<fragment><set-method>GET</set-method></fragment>"),
        lambda one: "set-method" in one.value, listing, "description eq 'D2'",
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
        lambda one: one.verbosity == "error", listing, "name eq 'x2'",
    )
    every_verb(
        group("api_diagnostic"), inner, lambda n: m.DiagnosticContract(logger_id="/loggers/base"),
        m.DiagnosticUpdateContract(verbosity="error") if prefix else m.DiagnosticContract(
            logger_id="/loggers/base", verbosity="error"),
        lambda one: one.verbosity == "error", "list_by_service" if not prefix else "list_by_workspace",
        "name eq 'x2'",
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
        m.CertificateCreateOrUpdateParameters(data=os.environ["OTHER_CERTIFICATE"], password=""),
        lambda one: one.subject == "CN=sdk-other", listing, "name eq 'x2'",
    )
    group("certificate").create_or_update(
        *at, "base", m.CertificateCreateOrUpdateParameters(data=os.environ["CERTIFICATE"], password=""))
    listed = call(group("certificate"), listing)
    check([one.name for one in listed(*at, filter="subject eq 'CN=sdk-client'")] == ["base"], "certificates")
    check(not list(listed(*at, is_key_vault_refresh_failed=True)), "certificates")
    fails(400, lambda: group("certificate").refresh_secret(*at, "base"), "ValidationError")
    group("certificate").delete(*at, "base", if_match="*")
    every_verb(
        group("api_release"), inner, lambda n: m.ApiReleaseContract(api_id="/apis/base", notes=f"N{n}"),
        m.ApiReleaseContract(notes="new"), lambda one: one.notes == "new", "list_by_service", "notes eq 'N2'",
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
        client.cache, (), lambda n: m.CacheContract(
            connection_string="redis,password=p", use_from_location="default", description=f"D{n}"),
        m.CacheUpdateParameters(description="new"), lambda one: one.description == "new", filters="description eq 'D2'",
    )
    check(not list(client.named_value.list_by_service(*at)), "secrets of caches and loggers are left behind")
    every_verb(
        client.gateway, (),
        lambda n: m.GatewayContract(location_data=m.ResourceLocationDataContract(name=f"here{n}"), description=f"D{n}"),
        m.GatewayContract(description="new"), lambda one: one.description == "new", filters="description eq 'D2'",
    )
    client.api.begin_create_or_update(
        *at, "base", m.ApiCreateOrUpdateParameter(display_name="Base", path="base", protocols=["https"])).result()
    every_verb(
        client.graph_ql_api_resolver, ("base",), lambda n: m.ResolverContract(display_name=f"R{n}", path=f"Query/f{n}"),
        m.ResolverUpdateContract(description="new"), lambda one: one.description == "new", "list_by_api",
        "displayName eq 'R2'",
    )
    client.graph_ql_api_resolver.create_or_update(
        *at, "base", "r", m.ResolverContract(display_name="R", path="Query/f"))
    policies = client.graph_ql_api_resolver_policy
    text = "<http-data-source><http-request><set-method>GET</set-method><set-url>https://x.example</set-url></http-request></http-data-source>"
    policies.create_or_update(*at, "base", "r", "policy", m.PolicyContract(value=text, format="rawxml"))
    check(policies.get(*at, "base", "r", "policy", format="rawxml").value == text, "a resolver's policy")
    check(policies.get_entity_tag(*at, "base", "r", "policy") is True, "a resolver's policy")
    check([one.name for one in policies.list_by_resolver(*at, "base", "r")] == ["policy"], "a resolver's policy")
    policies.delete(*at, "base", "r", "policy", if_match="*")
    client.api.begin_delete(*at, "base", if_match="*").result()
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
    tag = client.named_value.list_value(*at, "n", cls=etag_of)
    check(tag == client.named_value.get_entity_tag(*at, "n", cls=etag_of), "listValue has another ETag")
    fails(400, lambda: client.named_value.begin_refresh_secret(*at, "n").result(), "ValidationError")
    polled = client.named_value.begin_update(*at, "n", if_match="*", parameters=m.NamedValueUpdateParameters(tags=["t"]))
    check(polled.result().tags == ["t"] and polled.status() == "Succeeded", polled.status())
    check("operationResults" in polled.polling_method()._operation._async_url, "the poller has nothing to ask")
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


def the_data_plane_follows_the_rest():
    """Certificates, loggers, version sets, schemas, groups, workspaces."""
    at = (GROUP, SERVICE)

    def api(name, **more):
        contract = m.ApiCreateOrUpdateParameter(
            display_name=name, service_url=BACKEND + "/" + name, protocols=["https"],
            **{"path": name, "subscription_required": False, **more})
        client.api.begin_create_or_update(*at, name, contract).result()
        for method in ("GET", "POST"):
            client.api_operation.create_or_update(*at, name, method.lower(), m.OperationContract(
                display_name=method, method=method, url_template="/x"))

    def policy(name, inbound):
        return client.api_policy.create_or_update(*at, name, "policy", m.PolicyContract(format="rawxml", value=(
            f"<policies><inbound><base />{inbound}</inbound><backend><base /></backend></policies>")))

    api("more")
    shown = '<set-header name="x-cert"><value>@(context.Deployment.Certificates["c"].Subject)</value></set-header>'
    named = '<authentication-certificate certificate-id="c" />'
    fails(400, lambda: policy("more", named), "ValidationError")
    certificate = m.CertificateCreateOrUpdateParameters(data=os.environ["CERTIFICATE"], password="")
    client.certificate.create_or_update(*at, "c", certificate)
    policy("more", named + shown)
    check("x-cert: CN=sdk-client" in request("/more/x")[1], "certificate")
    fails(400, lambda: client.certificate.delete(*at, "c", if_match="*"), "ValidationError")
    certificate = m.CertificateCreateOrUpdateParameters(data=os.environ["OTHER_CERTIFICATE"], password="")
    client.certificate.create_or_update(*at, "c", certificate, if_match="*")
    check("x-cert: CN=sdk-other" in request("/more/x")[1], "the certificate does not change")

    logged = '<log-to-eventhub logger-id="hub">@("a")</log-to-eventhub>'
    fails(400, lambda: policy("more", logged), "ValidationError")
    client.logger.create_or_update(*at, "hub", m.LoggerContract(logger_type="azureEventHub", credentials={
        "name": "hub", "connectionString":
        "Endpoint=sb://127.0.0.1:1/;SharedAccessKeyName=s;SharedAccessKey=YWJj"}))
    policy("more", logged)
    check(request("/more/x")[0] == 200, "a logger that cannot be reached stops requests")
    fails(400, lambda: client.logger.delete(*at, "hub", if_match="*"), "ValidationError")

    schema = lambda kind: m.GlobalSchemaContract(schema_type="json", document={"type": kind})
    checked = ('<validate-content unspecified-content-type-action="prevent" max-size="1000" size-exceeded-action="prevent">'
               '<content type="application/json" validate-as="json" action="prevent" schema-id="shape" /></validate-content>')
    fails(400, lambda: policy("more", checked), "ValidationError")
    client.global_schema.begin_create_or_update(*at, "shape", schema("object")).result()
    policy("more", checked)
    client.logger.delete(*at, "hub", if_match="*")
    client.certificate.delete(*at, "c", if_match="*")
    json = {"Content-Type": "application/json"}
    check([request("/more/x", json, body)[0] for body in (b"{}", b"[]")] == [200, 400], "schema")
    client.global_schema.begin_create_or_update(*at, "shape", schema("array"), if_match="*").result()
    check([request("/more/x", json, body)[0] for body in (b"{}", b"[]")] == [400, 200], "the schema does not change")
    fails(400, lambda: client.global_schema.delete(*at, "shape", if_match="*"), "ValidationError")

    versions = m.ApiVersionSetContract(display_name="V", versioning_scheme="Segment")
    client.api_version_set.create_or_update(*at, "v", versions)
    api("versioned", api_version="v1", api_version_set_id="/apiVersionSets/v")
    check([request(path)[0] for path in ("/versioned/v1/x", "/versioned/x")] == [200, 404], "versions")
    client.api_version_set.update(*at, "v", if_match="*", parameters=m.ApiVersionSetUpdateParameters(
        versioning_scheme="Query", version_query_name="ver"))
    paths = ("/versioned/v1/x", "/versioned/x", "/versioned/x?ver=v1")
    check([request(path)[0] for path in paths] == [404, 404, 200], [request(path)[0] for path in paths])
    fails(400, lambda: client.api_version_set.delete(*at, "v", if_match="*"), "ValidationError")

    client.user.create_or_update(*at, "w", m.UserCreateParameters(email="w@example.com", first_name="A", last_name="B"))
    client.group.create_or_update(*at, "team", m.GroupCreateParameters(display_name="Team"))
    client.subscription.create_or_update(*at, "all", m.SubscriptionCreateParameters(
        display_name="All", scope="/apis", owner_id="/users/w", state="active"))
    key = {"Ocp-Apim-Subscription-Key": client.subscription.list_secrets(*at, "all").primary_key}
    groups = '@("[" + string.Join(",", context.User.Groups.Select(g => g.Name)) + "]")'
    policy("more", f'<set-header name="x-groups"><value>{groups}</value></set-header>')
    check("Team" not in request("/more/x", key)[1], "groups")
    client.group_user.create(*at, "team", "w")
    check("Team" in request("/more/x", key)[1], "groups")
    client.group_user.delete(*at, "team", "w")
    check("Team" not in request("/more/x", key)[1], "groups")

    inside = (*at, "w")
    client.workspace_api.begin_create_or_update(*inside, "a", m.ApiCreateOrUpdateParameter(
        display_name="A", path="inside", service_url=BACKEND + "/inside", protocols=["https"],
        subscription_required=False)).result()
    client.workspace_api_operation.create_or_update(
        *inside, "a", "x", m.OperationContract(display_name="x", method="GET", url_template="/x"))
    check("GET /inside/x" in request("/inside/x")[1], "the API of a workspace")
    client.workspace_named_value.begin_create_or_update(
        *inside, "n", m.NamedValueCreateContract(display_name="n", value="there")).result()
    client.workspace_api_policy.create_or_update(*inside, "a", "policy", m.PolicyContract(format="rawxml", value=(
        '<policies><inbound><set-header name="x-n"><value>{{n}}</value></set-header></inbound><backend><base /></backend>'
        "</policies>")))
    check("x-n: there" in request("/inside/x")[1], "the API of a workspace")
    client.workspace_named_value.begin_update(
        *inside, "n", if_match="*", parameters=m.NamedValueUpdateParameters(display_name="other")).result()
    got = client.workspace_api_policy.get(*inside, "a", "policy", format="rawxml")
    check("{{other}}" in got.value and "x-n: there" in request("/inside/x")[1], "another name")
    client.workspace_api.delete(*inside, "a", if_match="*")
    check(request("/inside/x")[0] == 404, "the API of a workspace")


def run():
    for there in client.product.list_by_service(GROUP, SERVICE):
        assert there.name, there
    only_of_the_service()
    scope_of_entities("", ())
    client.workspace.create_or_update(GROUP, SERVICE, "w", m.WorkspaceContract(display_name="W"))
    scope_of_entities("workspace_", ("w",))
    the_data_plane_follows()
    the_data_plane_follows_the_rest()
    links.of_a_scope("", ())
    links.of_a_scope("workspace_", ("w",))
    links.of_users()
    links.of_tags_and_gateways()
    key_vault.of_a_scope("", ())
    key_vault.of_a_scope("workspace_", ("w",))
    print(f"sdk python: {sdk.checks} checks passed")


if __name__ == "__main__":
    run()
