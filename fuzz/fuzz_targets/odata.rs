//! OData: any URL against the metadata of a shop, and any metadata with any URL, gives problems or none.
#![no_main]

use std::sync::LazyLock;

use gatewright::policy::ODataMetadata;
use libfuzzer_sys::fuzz_target;

static SHOP: LazyLock<ODataMetadata> = LazyLock::new(|| {
    ODataMetadata::parse(
        r#"<Edmx><Schema Namespace="Shop" Alias="S">
        <ComplexType Name="Address"><Property Name="City" Type="Edm.String" /></ComplexType>
        <EntityType Name="Order"><Key><PropertyRef Name="Id" /></Key><Property Name="Id" Type="Edm.Int32" />
          <Property Name="Ship" Type="S.Address" /><Property Name="Tags" Type="Collection(Edm.String)" />
          <NavigationProperty Name="Items" Type="Collection(S.Item)" /></EntityType>
        <EntityType Name="Item" OpenType="true"><Key><PropertyRef Name="A" /><PropertyRef Name="B" /></Key>
          <Property Name="A" Type="Edm.Int32" /><Property Name="B" Type="Edm.Int32" /></EntityType>
        <Function Name="Late" IsBound="true"><Parameter Name="o" Type="Collection(S.Order)" /><ReturnType Type="Collection(S.Order)" /></Function>
        <EntityContainer Name="C"><EntitySet Name="Orders" EntityType="S.Order" /><EntitySet Name="Items" EntityType="S.Item" />
          <Singleton Name="Me" Type="S.Item" /></EntityContainer></Schema></Edmx>"#,
    )
    .expect("metadata")
});

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let found = SHOP.problems(text);
    assert!(found.iter().all(|problem| !problem.is_empty()));
    if let Some((url, metadata)) = text.split_once('\n')
        && let Ok(metadata) = ODataMetadata::parse(metadata)
    {
        metadata.problems(url);
    }
});
