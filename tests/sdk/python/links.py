"""Links, policies, keys, exports and revisions: of the service, and the same of a workspace."""

import urllib.request

from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.apimanagement import models as m

from sdk import BACKEND, GROUP, SERVICE, call, check, client, fails, request


def every_link(operations, at, make, member, target, missing):
    """A link with a name of its own is made, read, listed, filtered and deleted."""
    what = type(operations).__name__
    made = operations.create_or_update(*at, "link", make(target))
    check(made.name == "link" and getattr(made, member) == target, f"{what}: {made}")
    check(operations.get(*at, "link").as_dict() == made.as_dict(), what)
    check([one.name for one in operations.list_by_product(*at)] == ["link"], what)
    check(not list(operations.list_by_product(*at, filter="name eq 'other'")), what)
    fails(404, lambda: operations.get(*at, "none"), "ResourceNotFound")
    fails(missing, lambda: operations.create_or_update(*at, "wrong", make(target + "-none")))
    operations.delete(*at, "link")
    check(not list(operations.list_by_product(*at)), what)
    fails(404, lambda: operations.get(*at, "link"))


def every_policy(operations, at, listing):
    """A document is made, read in both forms, listed, refused when it is wrong, and deleted."""
    what = type(operations).__name__
    text = '<policies><inbound><set-variable name="a" value="@("x" == "y" && 1 < 2)" /></inbound><backend /></policies>'
    at = (*at, "policy")
    operations.create_or_update(*at, m.PolicyContract(value=text, format="rawxml"))
    check(operations.get(*at, format="rawxml").value == text, what)
    check("&quot;x&quot;" in operations.get(*at).value, what)
    check(operations.get_entity_tag(*at) is True, what)
    listed = getattr(operations, listing)(*at[:-1])
    check([one.name for one in getattr(listed, "value", listed)] == ["policy"], f"{what}: {listed}")
    wrong = m.PolicyContract(value="<policies>\n  <nonsense />\n</policies>", format="rawxml")
    error = fails(400, lambda: operations.create_or_update(*at, wrong, if_match="*"), "ValidationError")
    check("line 2, column 3" in error.error.details[0].message, error.error.details)
    fails(412, lambda: operations.delete(*at, if_match='"other"'))
    operations.delete(*at, if_match="*")
    fails(404, lambda: operations.get(*at))


def header(name, value="1"):
    return m.PolicyContract(format="rawxml", value=(
        f'<policies><inbound><base /><set-header name="{name}"><value>{value}</value></set-header></inbound>'
        "<backend><base /></backend></policies>"))


def of_a_scope(prefix, owner):
    def group(name):
        return getattr(client, prefix + name)

    at, path = (GROUP, SERVICE, *owner), f"{prefix or 'service_'}linked"
    api = call(group("api"), "begin_create_or_update")(*at, "linked", m.ApiCreateOrUpdateParameter(
        display_name="Linked", path=path, service_url=BACKEND + "/linked", protocols=["https"]))
    operation = group("api_operation").create_or_update(
        *at, "linked", "x", m.OperationContract(display_name="x", method="GET", url_template="/x"))
    product = group("product").create_or_update(*at, "linked", m.ProductContract(display_name="Linked"))
    team = group("group").create_or_update(*at, "linked", m.GroupCreateParameters(display_name="Linked"))
    group("tag").create_or_update(*at, "linked", m.TagCreateUpdateParameters(display_name="Linked"))
    inner = (*at, "linked")
    api_links, product_api = group("product_api_link"), lambda id: m.ProductApiLinkContract(api_id=id)
    every_link(api_links, inner, product_api, "api_id", api.id, 404)
    for name, make, member, target, missing in (
        ("product_group_link", lambda id: m.ProductGroupLinkContract(group_id=id), "group_id", team.id, 404),
        ("tag_api_link", lambda id: m.TagApiLinkContract(api_id=id), "api_id", api.id, 400),
        ("tag_product_link", lambda id: m.TagProductLinkContract(product_id=id), "product_id", product.id, 400),
        ("tag_operation_link", lambda id: m.TagOperationLinkContract(operation_id=id), "operation_id", operation.id, 400),
    ):
        every_link(group(name), inner, make, member, target, missing)

    users = group("group_user")
    client.user.create_or_update(
        GROUP, SERVICE, "linked", m.UserCreateParameters(email="l@example.com", first_name="A", last_name="B"))
    check(users.check_entity_exists(*inner, "linked") is False, "user")
    users.create(*inner, "linked")
    check(users.check_entity_exists(*inner, "linked") is True, "user")
    check([one.email for one in users.list(*inner, filter="firstName eq 'a'")] == ["l@example.com"], "user")
    users.delete(*inner, "linked")
    check(not list(users.list(*inner)), "user")

    scope, products, operations = group("policy"), group("product_policy"), group("api_operation_policy")
    every_policy(scope, at, "list_by_api" if prefix else "list_by_service")
    every_policy(products, inner, "list_by_product")
    every_policy(group("api_policy"), inner, "list_by_api")
    every_policy(operations, (*inner, "x"), "list_by_operation")

    # The key of a product is good for the APIs that it links to, and all documents on the way apply.
    api_links.create_or_update(*inner, "link", product_api(api.id))
    scope.create_or_update(*at, "policy", m.PolicyContract(format="rawxml", value=(
        '<policies><inbound><set-header name="x-scope"><value>1</value></set-header></inbound>'
        f"<backend>{'<base />' if prefix else '<forward-request />'}</backend></policies>")))
    products.create_or_update(*inner, "policy", header("x-product", "@(context.Product.Name)"))
    groups = '@(string.Join(",", context.User.Groups.Select(g => g.Name)))'
    operations.create_or_update(*inner, "x", "policy", header("x-operation", groups))
    subscriptions = group("subscription")
    subscriptions.create_or_update(
        *inner, m.SubscriptionCreateParameters(display_name="L", scope=product.id, owner_id="/users/linked", state="active"))
    check(subscriptions.get(*inner).primary_key is None, "a key comes back")

    def key(name):
        return {"Ocp-Apim-Subscription-Key": getattr(subscriptions.list_secrets(*inner), name)}

    check(request(f"/{path}/x")[0] == 401, "no key is asked for")
    status, text = request(f"/{path}/x", key("primary_key"))
    check(status == 200 and "GET /linked/x" in text, text)
    for expected in ("x-scope: 1", "x-product: Linked", "x-operation: "):
        check(expected in text and "x-operation: Linked" not in text, text)
    users.create(*inner, "linked")
    check("x-operation: Linked" in request(f"/{path}/x", key("primary_key"))[1], "groups")
    for name in ("primary_key", "secondary_key"):
        old, other = key(name), key("secondary_key" if name == "primary_key" else "primary_key")
        getattr(subscriptions, f"regenerate_{name}")(*inner)
        statuses = [request(f"/{path}/x", one)[0] for one in (old, key(name), other)]
        check(statuses == [401, 200, 200], f"{name}: {statuses}")
    api_links.delete(*inner, "link")
    check(request(f"/{path}/x", key("primary_key"))[0] == 401, "the API is still in the product")
    api_links.create_or_update(*inner, "link", product_api(api.id))
    check(request(f"/{path}/x", key("primary_key"))[0] == 200, "the API is not in the product")
    scope.delete(*at, "policy", if_match="*")
    subscriptions.delete(*inner, if_match="*")
    client.user.begin_delete(GROUP, SERVICE, "linked", if_match="*").result()
    check(not list(users.list(*inner)), "a user that is gone is in a group")

    values = group("named_value")
    values.begin_create_or_update(
        *inner, m.NamedValueCreateContract(display_name="linked", value="red", secret=True)).result()
    check(values.get(*inner).value is None and values.list_value(*inner).value == "red", "listValue")
    fails(400, lambda: values.begin_refresh_secret(*inner).result(), "ValidationError")
    fragments = group("policy_fragment")
    for name in ("linked", "other"):
        fragments.begin_create_or_update(*at, name, m.PolicyFragmentContract(format="rawxml", value=(
            '<fragment><set-header name="x-f"><value>{{linked}}</value></set-header></fragment>'))).result()
    for order, expected in (("name desc", ["other", "linked"]), ("name asc", ["linked", "other"])):
        names = [one.name for one in fragments.list_by_service(*at, orderby=order) if one.name in expected]
        check(names == expected, f"{order}: {names}")
    fails(400, lambda: list(fragments.list_by_service(*at, orderby="nonsense")))
    check(fragments.list_references(*inner).count == 0, "references")
    operations.create_or_update(*inner, "x", "policy", m.PolicyContract(format="rawxml", value=(
        '<policies><inbound><include-fragment fragment-id="linked" /></inbound><backend><base /></backend></policies>')))
    used_by = fragments.list_references(*inner)
    check(used_by.count == 1 and used_by.value[0].id == operation.id + "/policies/policy", used_by)
    fails(400, lambda: fragments.delete(*inner, if_match="*"), "ValidationError")
    operations.delete(*inner, "x", "policy", if_match="*")
    for name in ("linked", "other"):
        fragments.delete(*at, name, if_match="*")
    values.delete(*inner, if_match="*")

    exported = group("api_export").get(*inner, format="openapi+json-link", export="true")
    with urllib.request.urlopen(exported.value.link) as answer:
        check(b'"/x"' in answer.read(), "the link of an export")
    call(group("api"), "begin_create_or_update")(*at, "linked;rev=2", m.ApiCreateOrUpdateParameter(
        display_name="Linked", path=path, source_api_id=api.id, service_url=BACKEND + "/linked", protocols=["https"]))
    revisions = {one.api_revision: one.is_current for one in group("api_revision").list_by_service(*inner)}
    check(revisions == {"1": True, "2": False}, revisions)
    names = [one.api_revision for one in group("api_revision").list_by_service(*inner, top=1).by_page().next()]
    check(len(names) == 1, names)
    call(group("api"), "begin_delete", "delete")(*inner, if_match="*", delete_revisions=True)
    check(request(f"/{path}/x")[0] == 404, "the API is still there")
    for entities in ("product", "group", "tag"):
        group(entities).delete(*inner, if_match="*")


def of_users():
    """What the service alone has: subscriptions of products and users, products of APIs."""
    at = (GROUP, SERVICE)
    client.api.begin_create_or_update(
        *at, "o", m.ApiCreateOrUpdateParameter(display_name="O", path="o", protocols=["https"])).result()
    client.user.create_or_update(*at, "o", m.UserCreateParameters(email="o@example.com", first_name="A", last_name="B"))
    for name in ("o1", "o2"):
        client.product.create_or_update(*at, name, m.ProductContract(display_name=name))
        client.product_api.create_or_update(*at, name, "o")
        client.subscription.create_or_update(*at, name, m.SubscriptionCreateParameters(
            display_name=name, scope=f"/products/{name}", owner_id="/users/o", state="active"))
    products, subscriptions = client.api_product, client.user_subscription
    check([one.name for one in products.list_by_apis(*at, "o")] == ["o1", "o2"], "products of an API")
    check([one.name for one in products.list_by_apis(*at, "o", filter="displayName eq 'O2'")] == ["o2"], "products")
    pages = [[one.name for one in page] for page in products.list_by_apis(*at, "o", top=1).by_page()]
    check(pages == [["o1"], ["o2"]], pages)
    listed = client.product_subscriptions.list(*at, "o2")
    check([(one.name, one.primary_key) for one in listed] == [("o2", None)], "subscriptions of a product")
    check([one.name for one in subscriptions.list(*at, "o")] == ["o1", "o2"], "subscriptions of a user")
    check([one.name for one in subscriptions.list(*at, "o", filter="name eq 'o1'")] == ["o1"], "subscriptions of a user")
    got = subscriptions.get(*at, "o", "o1")
    check(got.display_name == "o1" and got.primary_key is None and got.owner_id.endswith("/users/o"), got)
    fails(404, lambda: subscriptions.get(*at, "o", "all"), "ResourceNotFound")
    client.user.begin_delete(*at, "o", if_match="*", delete_subscriptions=True).result()
    check(not list(client.product_subscriptions.list(*at, "o1")), "subscriptions of a product")
    client.api.begin_delete(*at, "o", if_match="*").result()
    for name in ("o1", "o2"):
        client.product.delete(*at, name, if_match="*")


def every_classic_link(put, is_there, listing, delete, at, name):
    """A link that has the name of what it links is made, seen, listed and deleted."""
    def is_gone():
        # The SDK makes an error of it in places.
        try:
            return is_there(*at, name) is False
        except ResourceNotFoundError:
            return True

    check(is_gone(), f"{at}")
    put(*at, name)
    check(is_there(*at, name) is True, f"{at}")
    check([one.name for one in listing(*at)] == [name], f"{at}")
    delete(*at, name)
    check(is_gone() and not list(listing(*at)), f"{at}")


def of_tags_and_gateways():
    """The classic links, which only the service has."""
    at = (GROUP, SERVICE)
    client.api.begin_create_or_update(
        *at, "c", m.ApiCreateOrUpdateParameter(display_name="C", path="c", protocols=["https"])).result()
    client.api_operation.create_or_update(*at, "c", "x", m.OperationContract(display_name="x", method="GET", url_template="/x"))
    client.product.create_or_update(*at, "c", m.ProductContract(display_name="C"))
    client.group.create_or_update(*at, "c", m.GroupCreateParameters(display_name="C"))
    client.tag.create_or_update(*at, "c", m.TagCreateUpdateParameters(display_name="C"))
    client.gateway.create_or_update(*at, "c", m.GatewayContract(location_data=m.ResourceLocationDataContract(name="c")))
    inner, tags = (*at, "c"), client.tag
    apis, groups, gateways = client.product_api, client.product_group, client.gateway_api
    every_classic_link(apis.create_or_update, apis.check_entity_exists, apis.list_by_product, apis.delete, inner, "c")
    every_classic_link(groups.create_or_update, groups.check_entity_exists, groups.list_by_product, groups.delete, inner, "c")
    every_classic_link(gateways.create_or_update, gateways.get_entity_tag, gateways.list_by_service, gateways.delete, inner, "c")
    for owner, place in (("api", inner), ("operation", (*inner, "x")), ("product", inner)):
        def of(name):
            return getattr(tags, f"{name}_{owner}")
        every_classic_link(
            of("assign_to"), of("get_entity_state_by"), of("list_by"), of("detach_from"), place, "c")
        of("assign_to")(*place, "c")
        check(of("get_by")(*place, "c").display_name == "C", owner)
    client.gateway.delete(*inner, if_match="*")
    client.api.begin_delete(*inner, if_match="*").result()
    for entities in (client.product, client.group, client.tag):
        entities.delete(*inner, if_match="*")
