//! URLs against the metadata of a shop.

use proptest::prelude::*;

use super::*;

const SHOP: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
<Schema Namespace="Shop.Model" Alias="Self" xmlns="http://docs.oasis-open.org/odata/ns/edm">
  <EnumType Name="Color"><Member Name="Red" /></EnumType>
  <ComplexType Name="Address"><Property Name="City" Type="Edm.String" /><Property Name="Country" Type="Edm.String" /></ComplexType>
  <EntityType Name="Thing" Abstract="true"><Key><PropertyRef Name="Id" /></Key><Property Name="Id" Type="Edm.Int32" /></EntityType>
  <EntityType Name="Order" BaseType="Self.Thing">
    <Property Name="Total" Type="Edm.Decimal" /><Property Name="Placed" Type="Edm.DateTimeOffset" />
    <Property Name="Note" Type="Edm.String" /><Property Name="Ship" Type="Self.Address" /><Property Name="Tint" Type="Self.Color" />
    <Property Name="Tags" Type="Collection(Edm.String)" />
    <NavigationProperty Name="Items" Type="Collection(Self.Item)" /><NavigationProperty Name="Customer" Type="Shop.Model.Customer" />
  </EntityType>
  <EntityType Name="BigOrder" BaseType="Shop.Model.Order"><Property Name="Discount" Type="Edm.Double" /></EntityType>
  <EntityType Name="Item"><Key><PropertyRef Name="OrderId" /><PropertyRef Name="Line" /></Key>
    <Property Name="OrderId" Type="Edm.Int32" /><Property Name="Line" Type="Edm.Int32" /><Property Name="Price" Type="Edm.Decimal" /></EntityType>
  <EntityType Name="Customer" BaseType="Self.Thing" OpenType="true"><Property Name="Name" Type="Edm.String" /></EntityType>
  <Function Name="Late" IsBound="true"><Parameter Name="orders" Type="Collection(Self.Order)" /><Parameter Name="days" Type="Edm.Int32" /><ReturnType Type="Collection(Self.Order)" /></Function>
  <Action Name="Ship" IsBound="true"><Parameter Name="order" Type="Self.Order" /></Action>
  <Function Name="Best"><Parameter Name="count" Type="Edm.Int32" /><ReturnType Type="Collection(Self.Customer)" /></Function>
  <Action Name="Reset" />
  <EntityContainer Name="Container">
    <EntitySet Name="Orders" EntityType="Self.Order" /><EntitySet Name="Items" EntityType="Shop.Model.Item" />
    <EntitySet Name="Customers" EntityType="Self.Customer" /><Singleton Name="Me" Type="Self.Customer" />
    <FunctionImport Name="Best" Function="Self.Best" /><ActionImport Name="Reset" Action="Self.Reset" />
  </EntityContainer>
</Schema></edmx:DataServices></edmx:Edmx>"#;

fn shop() -> ODataMetadata {
    ODataMetadata::parse(SHOP).unwrap()
}

#[test]
fn urls_that_conform() {
    let shop = shop();
    for url in [
        "",
        "/",
        "/$metadata",
        "/$batch",
        "/$all",
        "/$entity?$id=Orders(7)",
        "/$crossjoin(Orders,Items)?$filter=Orders/Id%20eq%20Items/OrderId",
        "/Orders",
        "/Orders/",
        "/Orders(7)",
        "/Orders(Id=7)",
        "/Orders(@id)?@id=7",
        "/Orders/7",
        "/Orders/7/Items",
        "/Orders(7)/Ship/City",
        "/Orders(7)/Ship/City/$value",
        "/Orders(7)/Items(OrderId=7,Line=1)/Price",
        "/Orders(7)/Items/$ref",
        "/Orders/$count?$filter=Total%20gt%205",
        "/Orders/$filter(Total%20gt%205)/$count",
        "/Orders/Shop.Model.BigOrder?$select=Discount",
        "/Orders(7)/Self.BigOrder/Discount",
        "/Orders(7)/Customer/Whatever",
        "/Orders/Self.Late(days=3)?$top=1",
        "/Orders(7)/Shop.Model.Ship",
        "/Me/Name",
        "/Best(count=3)?$select=Name",
        "/Best(count=3)(7)/Name",
        "/Reset",
        "/Orders?$filter=Total gt 5 and (Note eq 'a''b' or not contains(tolower(Note),'x'))",
        "/Orders?$filter=Items/any(i:i/Price gt 5 and i/Line lt $it/Id) and Tags/all(t:t ne 'x')&$count=true",
        "/Orders?$filter=Items/any()",
        "/Orders?$filter=Placed ge 2024-03-15T10:30:00Z and year(Placed) eq 2024",
        "/Orders?$filter=Tint eq Shop.Model.Color'Red' or Tint has Self.Color'Red'",
        "/Orders?$filter=Id in (1,2,3) and Note in ['a','b']",
        "/Orders?$filter=Total add 5 mul -2 le -(Total) and Total ne null",
        "/Orders?$filter=isof(Shop.Model.BigOrder) and cast(Total,Edm.String) eq '5'",
        "/Orders?$filter=Shop.Model.BigOrder/Discount gt 1.5e-3",
        "/Orders?$filter=Items/$count gt 3 and duration'PT1H' eq duration'PT60M'",
        "/Orders?$filter=Customer/Anything/AtAll eq @p&@p='x'",
        "/Orders?$filter=case(Total gt 5:'big',true:'small') eq 'big'",
        "/Orders?$orderby=Total desc,Ship/City,length(Note) asc",
        "/Orders?$select=Id,Ship/City,*",
        "/Orders?$select=Self.Ship,Shop.Model.*",
        "/Orders?$expand=Items($filter=Price gt 5;$orderby=Line;$top=2;$select=Price),Customer($levels=max)",
        "/Orders?$expand=*,Items/$ref,Items/$count",
        "/Orders?$expand=Items($expand=*;$search=a b;$count=true)",
        "/Orders?$top=10&$skip=20&$skiptoken=anything%20at(all",
        "/Orders?$search=blue AND (\"dark green\" OR NOT red)",
        "/Orders?$format=json&subscription-key=k&custom=$anything",
        "/Orders?$format=application/json;odata.metadata=full",
        "/Orders?$apply=groupby((Customer/Name),aggregate(Total with sum as Sum))&$orderby=Sum desc",
        "/Orders?$apply=filter(Total gt 5)/aggregate($count as Count)",
        "/Orders?$apply=concat(identity,top(2))/compute(1 add 2 as Three)",
        "/Orders?$compute=Total mul 2 as Double&$select=Double",
        "/Orders?$Filter=Total%20GT%205",
        "/Customers?$filter=Dynamic eq 5",
    ] {
        assert_eq!(shop.problems(url), [""; 0], "{url}");
    }
}

#[test]
fn urls_that_do_not() {
    let shop = shop();
    for (url, problem) in [
        ("/Order", "The resource path segment 'Order' is not declared by the API."),
        ("/Orders(7)/Price", "The property 'Price' is not declared on the type 'Shop.Model.Order'."),
        ("/Orders(7)/$links2", "The resource path segment '$links2' is not declared by the API."),
        ("/$metadata/x", "The resource path segment 'x' is not declared by the API."),
        ("/Orders/$count/x", "The resource path segment 'x' is not declared by the API."),
        ("/Orders(", "The resource path segment 'Orders(' has a syntax error at position 8."),
        ("/Orders()", "The key in the resource path segment 'Orders()' is not complete."),
        ("/Orders(Number=7)", "The type 'Shop.Model.Order' has no key property 'Number'."),
        ("/Items(7)", "The key in the resource path segment 'Items(7)' is not complete."),
        ("/Items(OrderId=7)", "The key in the resource path segment 'Items(OrderId=7)' is not complete."),
        ("/Me(7)", "The resource path segment 'Me(7)' has a key, but it is no collection of entities."),
        ("/Orders/Self.Reset", "The resource path segment 'Self.Reset' is not declared by the API."),
        ("/Orders/Self.Other", "The resource path segment 'Self.Other' is not declared by the API."),
        ("/Orders(7)/Self.Ship(a=1)", "The action 'Self.Ship(a=1)' takes its parameters in the body."),
        ("/$crossjoin(Orders,Cats)", "The resource path segment 'Cats' is not declared by the API."),
        ("/%FF", "The resource path is not UTF-8."),
        ("/Orders?$where=1", "The query option '$where' is not known."),
        ("/Orders?$levels=1", "The query option '$levels' is not known."),
        ("/Orders?$top=1&$top=2", "The query option '$top' is there more than once."),
        ("/Orders?$top=-1", "The query option '$top' has a syntax error at position 1."),
        ("/Orders?$skip=many", "The query option '$skip' has a syntax error at position 1."),
        ("/Orders?$count=yes", "The query option '$count' has a syntax error at position 1."),
        ("/Orders?$filter=", "The query option '$filter' has a syntax error at position 1."),
        ("/Orders?$filter=Total gt", "The query option '$filter' has a syntax error at position 9."),
        ("/Orders?$filter=Total gt 5)", "The query option '$filter' has a syntax error at position 11."),
        ("/Orders?$filter=Note eq 'open", "The query option '$filter' has a syntax error at position 9."),
        (
            "/Orders?$filter=Price gt 5",
            "The query option '$filter' is not valid. The property 'Price' is not declared on the type 'Shop.Model.Order'.",
        ),
        (
            "/Orders?$filter=Items/any(i:i/Total gt 5)",
            "The query option '$filter' is not valid. The property 'Total' is not declared on the type 'Shop.Model.Item'.",
        ),
        ("/Orders?$filter=drop(Note)", "The query option '$filter' is not valid. The function 'drop' is not known."),
        (
            "/Orders?$filter=contains(Note)",
            "The query option '$filter' is not valid. The function 'contains' does not take 1 arguments.",
        ),
        (
            "/Orders?$filter=isof(Self.Cat)",
            "The query option '$filter' is not valid. The type 'Self.Cat' is not declared.",
        ),
        (
            "/Orders?$filter=$root/Cats/any()",
            "The query option '$filter' is not valid. The entity set 'Cats' is not declared.",
        ),
        ("/Orders?$orderby=Total up", "The query option '$orderby' has a syntax error at position 7."),
        (
            "/Orders?$select=Id,Secret",
            "The query option '$select' is not valid. The property 'Secret' is not declared on the type 'Shop.Model.Order'.",
        ),
        (
            "/Orders?$expand=Items($where=1)",
            "The query option '$expand' is not valid. The query option '$where' is not known.",
        ),
        ("/Orders?$expand=Items($top=1", "The query option '$expand' has a syntax error at position 13."),
        ("/Orders?$search=(a", "The query option '$search' has a syntax error at position 3."),
        ("/Orders?$search=AND a", "The query option '$search' has a syntax error at position 6."),
        ("/Orders?$format=", "The query option '$format' has a syntax error at position 1."),
        (
            "/Orders?$apply=explode(Total)",
            "The query option '$apply' is not valid. The transformation 'explode' is not known.",
        ),
        ("/Orders?$compute=Total mul 2", "The query option '$compute' has a syntax error at position 12."),
        ("/Orders(@id)?@id=)", "The query option '@id' has a syntax error at position 1."),
    ] {
        assert_eq!(shop.problems(url), [problem], "{url}");
    }
}

#[test]
fn nesting_is_bounded() {
    let shop = shop();
    let nested = |depth: usize| format!("/Orders?$filter={}Total gt 5{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(shop.problems(&nested(40)), [""; 0]);
    for url in [
        nested(10_000),
        format!("/Orders?$filter={}true", "not ".repeat(10_000)),
        format!("/Orders?$filter=Id in {}1", "[".repeat(10_000)),
        format!("/Orders?$expand={}Items", "Customer($expand=".repeat(10_000)),
        format!("/Orders?$apply={}identity", "concat(".repeat(10_000)),
    ] {
        assert_eq!(shop.problems(&url).len(), 1);
    }
    assert_eq!(shop.problems(&"/Customers".repeat(200)), ["The resource path has more than 100 segments."]);
}

#[test]
fn no_parameter_is_left_out() {
    let many = format!("/Orders?{}", "x=1&".repeat(999));
    assert_eq!(shop().problems(&format!("{many}$filter=1 eq 1")), [""; 0]);
    let problems = shop().problems(&format!("{many}y&$filter=(("));
    assert_eq!(problems, ["The query has more than 1000 parameters."]);
}

#[test]
fn versions_differ() {
    let shop = shop();
    let found = |url, version: &str| shop.check(url, ODataVersion::parse(version).unwrap()).len();
    assert_eq!((found("/Orders?$Top=1", "4.01"), found("/Orders?$Top=1", "4.0")), (0, 1));
    assert_eq!((found("/Orders?$inlinecount=allpages", "3.0"), found("/Orders?$inlinecount=none", "4.0")), (0, 1));
}

#[test]
fn metadata_of_version_3_is_read() {
    let old = ODataMetadata::parse(
        r#"<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx"><edmx:DataServices>
        <Schema Namespace="N" xmlns="http://schemas.microsoft.com/ado/2009/11/edm">
        <EntityType Name="Product"><Key><PropertyRef Name="ID" /></Key><Property Name="ID" Type="Edm.Int32" />
          <NavigationProperty Name="Category" Relationship="N.Product_Category" FromRole="Products" ToRole="Category" /></EntityType>
        <EntityType Name="Category"><Key><PropertyRef Name="ID" /></Key><Property Name="ID" Type="Edm.Int32" /><Property Name="Name" Type="Edm.String" /></EntityType>
        <Association Name="Product_Category"><End Type="N.Category" Role="Category" Multiplicity="0..1" /><End Type="N.Product" Role="Products" Multiplicity="*" /></Association>
        <EntityContainer Name="C"><EntitySet Name="Products" EntityType="N.Product" />
          <FunctionImport Name="ByRating" ReturnType="Collection(N.Product)" EntitySet="Products" /></EntityContainer>
        </Schema></edmx:DataServices></edmx:Edmx>"#,
    )
    .unwrap();
    for (url, count) in [
        ("/Products(1)/Category/Name", 0),
        ("/Products(1)/Category/Price", 1),
        ("/Products(1)/$links/Category", 0),
        ("/ByRating?$filter=Category/Name eq 'a'", 0),
        ("/Products?$filter=substringof('a',Category/Name)", 0),
        ("/Products?$filter=ID eq 10L and guid'3f2504e0-4f89-11d3-9a0c-0305e82c3301' ne null", 0),
    ] {
        assert_eq!(old.problems(url).len(), count, "{url} {:?}", old.problems(url));
    }
}

#[test]
fn what_is_no_metadata_is_refused() {
    for (text, problem) in [
        ("", "the metadata is not XML: "),
        ("<a/>", "the metadata is not of OData: its root is not `Edmx`"),
        ("<!DOCTYPE a><Edmx/>", "the metadata is not XML: "),
    ] {
        assert!(ODataMetadata::parse(text).unwrap_err().starts_with(problem), "{text}");
    }
    // Types that derive from themselves end.
    let text = r#"<Edmx><Schema Namespace="N"><EntityType Name="A" BaseType="N.B" /><EntityType Name="B" BaseType="N.A" />
        <EntityContainer><EntitySet Name="As" EntityType="N.A" /></EntityContainer></Schema></Edmx>"#;
    assert_eq!(ODataMetadata::parse(text).unwrap().problems("/As?$filter=x eq 1").len(), 1);
}

proptest! {
    #[test]
    fn any_url_is_read(url in "/(Orders|Items|Me|Best)?(\\([^/?]{0,12}\\))?(/[^?]{0,20})?(\\?.{0,60})?") {
        shop().problems(&url);
    }

    #[test]
    fn any_option_is_read(
        option in "(filter|select|expand|orderby|apply|compute|search)",
        value in "([a-z]{1,3}|Total|Items|any|\\(|\\)|,|/|:|;|=|\\$| |'|\"|-|\\.|[0-9]{1,4}| eq | and |not ){0,20}",
    ) {
        let url = format!("/Orders?${option}={value}");
        prop_assert!(shop().problems(&url).len() <= 4, "{}", url);
    }

    #[test]
    fn expressions_with_more_brackets_are_the_same(
        value in "(Total gt 5|Note eq 'a'|contains\\(Note,'x'\\)|Id in \\(1,2\\)|Price lt 1|Total)",
        other in "(Total gt 5|not \\(Id eq 1\\)|length\\(Note\\) le 2)",
    ) {
        let plain = shop().problems(&format!("/Orders?$filter={value} and {other}")).is_empty();
        let more = shop().problems(&format!("/Orders?$filter=(({value}) and ({other}))")).is_empty();
        prop_assert_eq!(plain, more);
    }
}
