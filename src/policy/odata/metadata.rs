//! What an OData API declares: its metadata document (`$metadata`), of versions 2 to 4.

use std::collections::{HashMap, HashSet};

use roxmltree::{Document, Node, ParsingOptions};

/// What an OData API declares: types, entity sets, singletons, functions and actions.
///
/// ```
/// use gatewright::policy::ODataMetadata;
///
/// let metadata = ODataMetadata::parse(r#"<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
///     <Schema Namespace="Shop" xmlns="http://docs.oasis-open.org/odata/ns/edm">
///         <EntityType Name="Order"><Key><PropertyRef Name="Id" /></Key>
///             <Property Name="Id" Type="Edm.Int32" /><Property Name="Total" Type="Edm.Decimal" /></EntityType>
///         <EntityContainer Name="Container"><EntitySet Name="Orders" EntityType="Shop.Order" /></EntityContainer>
///     </Schema></edmx:DataServices></edmx:Edmx>"#)?;
/// assert!(metadata.problems("/Orders(7)?$select=Total").is_empty());
/// assert_eq!(metadata.problems("/Order").len(), 1);
/// # Ok::<_, String>(())
/// ```
#[derive(Debug, Default)]
pub struct ODataMetadata {
    types: HashMap<String, Structured>,
    /// Enumerations and type definitions.
    named: HashSet<String>,
    sets: HashMap<String, Kind>,
    imports: HashMap<String, Vec<Operation>>,
    /// Functions and actions by qualified name.
    operations: HashMap<String, Vec<Operation>>,
    aliases: HashMap<String, String>,
    namespaces: HashSet<String>,
}

/// A type with properties.
#[derive(Debug, Default)]
struct Structured {
    base: Option<String>,
    is_open: bool,
    properties: HashMap<String, Kind>,
    keys: Vec<String>,
}

/// The type of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// The qualified name; empty when it is not known.
    pub(super) name: String,
    pub(super) is_collection: bool,
    pub(super) is_entity: bool,
}

/// A function or action.
#[derive(Clone, Debug, Default)]
pub(super) struct Operation {
    pub(super) is_action: bool,
    pub(super) is_bound: bool,
    pub(super) returns: Option<Kind>,
}

/// What a name means to a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Member {
    Declared(Kind),
    /// The type is open, or is not known itself.
    Possible,
    Undeclared,
}

/// The most nodes of a document.
const MOST_NODES: u32 = 1_000_000;
/// Types may derive from each other so often.
const MOST_BASES: usize = 64;

impl Kind {
    /// A value of which nothing is known.
    pub(super) fn unknown() -> Self {
        Self { name: String::new(), is_collection: false, is_entity: false }
    }

    /// One of a collection.
    pub(super) fn item(&self) -> Self {
        Self { is_collection: false, ..self.clone() }
    }
}

impl ODataMetadata {
    /// Reads a metadata document.
    ///
    /// # Errors
    ///
    /// Why the text is not one.
    pub fn parse(text: &str) -> Result<Self, String> {
        let options = ParsingOptions { allow_dtd: false, nodes_limit: MOST_NODES, ..ParsingOptions::default() };
        let document = Document::parse_with_options(text.trim_start_matches('\u{feff}'), options);
        let document = document.map_err(|error| format!("the metadata is not XML: {error}"))?;
        if document.root_element().tag_name().name() != "Edmx" {
            return Err("the metadata is not of OData: its root is not `Edmx`".to_owned());
        }
        let schemas: Vec<_> = document.descendants().filter(|node| is(node, "Schema")).collect();
        let mut metadata = Self::default();
        for schema in &schemas {
            metadata.namespaces.extend(schema.attribute("Namespace").map(str::to_owned));
            if let (Some(alias), Some(namespace)) = (schema.attribute("Alias"), schema.attribute("Namespace")) {
                metadata.aliases.insert(alias.to_owned(), namespace.to_owned());
            }
        }
        let ends = metadata.ends(&schemas);
        for schema in &schemas {
            let namespace = schema.attribute("Namespace").unwrap_or_default();
            for child in schema.children().filter(Node::is_element) {
                let Some(name) = child.attribute("Name") else { continue };
                let qualified = format!("{namespace}.{name}");
                match child.tag_name().name() {
                    "EntityType" | "ComplexType" => {
                        let made = metadata.structured(&child, &ends);
                        metadata.types.insert(qualified, made);
                    }
                    "EnumType" | "TypeDefinition" => {
                        metadata.named.insert(qualified);
                    }
                    kind @ ("Function" | "Action") => {
                        let made = metadata.operation(&child, kind == "Action");
                        metadata.operations.entry(qualified).or_default().push(made);
                    }
                    _ => {}
                }
            }
        }
        metadata.learn_entities();
        for container in document.descendants().filter(|node| is(node, "EntityContainer")) {
            metadata.container(&container);
        }
        Ok(metadata)
    }

    /// The type of each end of an association, by its qualified name and role: versions 2 and 3.
    fn ends(&self, schemas: &[Node<'_, '_>]) -> HashMap<(String, String), Kind> {
        let mut ends = HashMap::new();
        for schema in schemas {
            let namespace = schema.attribute("Namespace").unwrap_or_default();
            for association in schema.children().filter(|node| is(node, "Association")) {
                let name = format!("{namespace}.{}", association.attribute("Name").unwrap_or_default());
                for end in association.children().filter(|node| is(node, "End")) {
                    let role = end.attribute("Role").unwrap_or_default().to_owned();
                    let mut kind = self.kind(end.attribute("Type").unwrap_or_default());
                    kind.is_collection = end.attribute("Multiplicity") == Some("*");
                    ends.insert((name.clone(), role), kind);
                }
            }
        }
        ends
    }

    fn structured(&self, node: &Node<'_, '_>, ends: &HashMap<(String, String), Kind>) -> Structured {
        let mut made = Structured {
            base: node.attribute("BaseType").map(|name| self.full(name)),
            is_open: node.attribute("OpenType") == Some("true"),
            ..Structured::default()
        };
        for child in node.children().filter(Node::is_element) {
            let name = child.attribute("Name").unwrap_or_default().to_owned();
            match child.tag_name().name() {
                "Property" => {
                    made.properties.insert(name, self.kind(child.attribute("Type").unwrap_or_default()));
                }
                "NavigationProperty" => {
                    let of_ends = || {
                        let relationship = self.full(child.attribute("Relationship")?);
                        ends.get(&(relationship, child.attribute("ToRole")?.to_owned())).cloned()
                    };
                    let kind = child.attribute("Type").map(|name| self.kind(name)).or_else(of_ends);
                    made.properties.insert(name, kind.unwrap_or_else(Kind::unknown));
                }
                "Key" => {
                    let refs = child.children().filter(|node| is(node, "PropertyRef"));
                    let names = refs.filter_map(|key| key.attribute("Alias").or_else(|| key.attribute("Name")));
                    made.keys.extend(names.map(str::to_owned));
                }
                _ => {}
            }
        }
        made
    }

    fn operation(&self, node: &Node<'_, '_>, is_action: bool) -> Operation {
        let returns = node.children().find(|child| is(child, "ReturnType"));
        let returns = returns.and_then(|returns| returns.attribute("Type")).or_else(|| node.attribute("ReturnType"));
        Operation {
            is_action,
            is_bound: node.attribute("IsBound") == Some("true"),
            returns: returns.map(|name| self.kind(name)),
        }
    }

    fn container(&mut self, container: &Node<'_, '_>) {
        for child in container.children().filter(Node::is_element) {
            let Some(name) = child.attribute("Name") else { continue };
            let attribute = |name: &str| child.attribute(name).unwrap_or_default();
            match child.tag_name().name() {
                "EntitySet" => {
                    let kind = Kind { name: self.full(attribute("EntityType")), is_collection: true, is_entity: true };
                    self.sets.insert(name.to_owned(), kind);
                }
                "Singleton" => {
                    let kind = Kind { name: self.full(attribute("Type")), is_collection: false, is_entity: true };
                    self.sets.insert(name.to_owned(), kind);
                }
                import @ ("FunctionImport" | "ActionImport") => {
                    let target = child.attribute("Function").or_else(|| child.attribute("Action"));
                    let made = match target {
                        Some(target) => self.operations.get(&self.full(target)).cloned().unwrap_or_default(),
                        // Versions 2 and 3 declare it here.
                        None => {
                            let mut made = self.operation(&child, import == "ActionImport");
                            if let Some(kind) = &mut made.returns {
                                kind.is_entity = self.is_entity(&kind.name);
                            }
                            vec![made]
                        }
                    };
                    self.imports.insert(name.to_owned(), made);
                }
                _ => {}
            }
        }
    }

    /// Says of every type that is named whether it is one of entities.
    fn learn_entities(&mut self) {
        let entities: HashSet<String> = self.types.keys().filter(|name| !self.keys(name).is_empty()).cloned().collect();
        let of_types = self.types.values_mut().flat_map(|made| made.properties.values_mut());
        let of_operations = self.operations.values_mut().flatten().filter_map(|made| made.returns.as_mut());
        of_types.chain(of_operations).for_each(|kind| kind.is_entity |= entities.contains(&kind.name));
    }

    fn is_entity(&self, name: &str) -> bool {
        !self.keys(name).is_empty()
    }

    /// `Collection(Shop.Order)` or `Shop.Order`.
    fn kind(&self, text: &str) -> Kind {
        let item = text.trim().strip_prefix("Collection(").and_then(|rest| rest.strip_suffix(')'));
        let name = self.full(item.unwrap_or(text));
        Kind { is_entity: self.is_entity(&name), name, is_collection: item.is_some() }
    }

    /// The qualified name, with the namespace in place of its alias.
    pub(super) fn full(&self, name: &str) -> String {
        let name = name.trim();
        let known = name.rsplit_once('.').and_then(|(space, last)| Some((self.aliases.get(space)?, last)));
        known.map_or_else(|| name.to_owned(), |(space, last)| format!("{space}.{last}"))
    }

    /// A type and those that it derives from, the nearest first.
    fn bases(&self, name: &str) -> impl Iterator<Item = &Structured> {
        let base = |made: &&Structured| self.types.get(made.base.as_deref()?);
        std::iter::successors(self.types.get(name), base).take(MOST_BASES)
    }

    /// The names of the key of a type.
    pub(super) fn keys(&self, name: &str) -> &[String] {
        self.bases(name).map(|made| made.keys.as_slice()).find(|keys| !keys.is_empty()).unwrap_or_default()
    }

    /// What a name means to a value of that type.
    pub(super) fn member(&self, kind: &Kind, name: &str) -> Member {
        if !self.types.contains_key(&kind.name) {
            let any = ["Edm.Untyped", "Edm.EntityType", "Edm.ComplexType", "Edm.PrimitiveType"];
            let is_plain = kind.name.starts_with("Edm.") && !any.contains(&kind.name.as_str());
            // What another document declares is not known here.
            return if is_plain || self.named.contains(&kind.name) { Member::Undeclared } else { Member::Possible };
        }
        match self.bases(&kind.name).find_map(|made| made.properties.get(name)) {
            Some(found) => Member::Declared(found.clone()),
            None if self.bases(&kind.name).any(|made| made.is_open) => Member::Possible,
            None => Member::Undeclared,
        }
    }

    /// Whether a full name stands in a namespace of the API.
    pub(super) fn is_own(&self, name: &str) -> bool {
        name.rsplit_once('.').is_some_and(|(space, _)| self.namespaces.contains(space))
    }

    /// Whether a qualified name is that of a type.
    pub(super) fn is_type(&self, name: &str) -> bool {
        self.types.contains_key(name) || self.named.contains(name) || name.starts_with("Edm.")
    }

    /// The entity set or singleton of that name.
    pub(super) fn set(&self, name: &str) -> Option<&Kind> {
        self.sets.get(name)
    }

    /// The functions or actions that the container offers under a name.
    pub(super) fn import(&self, name: &str) -> Option<&[Operation]> {
        self.imports.get(name).map(Vec::as_slice)
    }

    /// The functions and actions of a qualified name.
    pub(super) fn operations(&self, name: &str) -> Option<&[Operation]> {
        self.operations.get(name).map(Vec::as_slice)
    }
}

fn is(node: &Node<'_, '_>, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name
}
