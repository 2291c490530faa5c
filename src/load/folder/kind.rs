//! Which folder and file holds which kind of entity: the table that both APIOps layouts and the plain layout share.

/// A kind of entity in a folder.
#[derive(Debug)]
pub(super) struct Kind {
    /// The kind as resource types write it.
    pub(super) arm: &'static str,
    /// Names of its folder: of the APIOps Toolkit, of the `apiops` command line tool, and plain.
    pub(super) folders: &'static [&'static str],
    /// Name of the file with its properties in the plain layout; APIOps names end with `Information.json`.
    pub(super) file: &'static str,
    /// What XML beside it is.
    pub(super) xml: Xml,
    /// Kinds that it is linked to by name: in a member or in a file of names (`apis.json`).
    pub(super) links: &'static [&'static str],
    /// Kinds inside its folder.
    pub(super) children: &'static [Kind],
}

/// What an XML file beside an entity is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Xml {
    None,
    /// Its policy document.
    Policy,
    /// Its own text.
    Text,
}

const fn simple(arm: &'static str, folders: &'static [&'static str], file: &'static str) -> Kind {
    Kind { arm, folders, file, xml: Xml::None, links: &[], children: &[] }
}

const DIAGNOSTICS: Kind = simple("diagnostics", &["diagnostics"], "diagnostic.json");
const TAG_LINKS: Kind = simple("tags", &["tags"], "tag.json");
const API_LINKS: Kind = simple("apis", &["apis"], "api.json");
const API_ID_LINKS: Kind = simple("apiLinks", &["apiLinks", "api links", "api-links"], "link.json");
const GROUP_ID_LINKS: Kind = simple("groupLinks", &["groupLinks", "group links", "group-links"], "link.json");
const PRODUCT_ID_LINKS: Kind = simple("productLinks", &["productLinks", "product links", "product-links"], "link.json");

const OPERATION_ID_LINKS: Kind =
    simple("operationLinks", &["operationLinks", "operation links", "operation-links"], "link.json");

const OPERATIONS: Kind = Kind {
    arm: "operations",
    folders: &["operations"],
    file: "operation.json",
    xml: Xml::Policy,
    links: &["tags"],
    children: &[TAG_LINKS],
};

const RESOLVERS: Kind = Kind { xml: Xml::Policy, ..simple("resolvers", &["resolvers"], "resolver.json") };

const APIS: Kind = Kind {
    arm: "apis",
    folders: &["apis"],
    file: "api.json",
    xml: Xml::Policy,
    links: &["tags"],
    children: &[
        OPERATIONS,
        RESOLVERS,
        DIAGNOSTICS,
        TAG_LINKS,
        simple("releases", &["releases"], "release.json"),
        simple("schemas", &["schemas"], "schema.json"),
    ],
};

const PRODUCTS: Kind = Kind {
    arm: "products",
    folders: &["products"],
    file: "product.json",
    xml: Xml::Policy,
    links: &["apis", "groups", "tags"],
    children: &[API_LINKS, API_ID_LINKS, GROUP_ID_LINKS, TAG_LINKS, simple("groups", &["groups"], "group.json")],
};

const GATEWAYS: Kind =
    Kind { links: &["apis"], children: &[API_LINKS], ..simple("gateways", &["gateways"], "gateway.json") };

const GROUPS: Kind = Kind { links: &["users"], ..simple("groups", &["groups"], "group.json") };

const TAGS: Kind = Kind {
    children: &[
        API_LINKS,
        API_ID_LINKS,
        PRODUCT_ID_LINKS,
        OPERATION_ID_LINKS,
        simple("products", &["products"], "product.json"),
    ],
    ..simple("tags", &["tags"], "tag.json")
};

const FRAGMENTS: Kind = Kind {
    xml: Xml::Text,
    ..simple(
        "policyFragments",
        &["policy fragments", "policyFragments", "policy-fragments", "fragments"],
        "fragment.json",
    )
};

/// The kinds of a service and of a workspace.
pub(super) const ALL: &[Kind] = &[
    APIS,
    simple("apiVersionSets", &["version sets", "versionSets", "version-sets", "apiVersionSets"], "version-set.json"),
    simple("backends", &["backends"], "backend.json"),
    simple("caches", &["caches"], "cache.json"),
    simple("certificates", &["certificates"], "certificate.json"),
    DIAGNOSTICS,
    GATEWAYS,
    GROUPS,
    simple("loggers", &["loggers"], "logger.json"),
    simple("namedValues", &["named values", "namedValues", "named-values"], "named-value.json"),
    FRAGMENTS,
    PRODUCTS,
    simple("schemas", &["schemas"], "schema.json"),
    simple("subscriptions", &["subscriptions"], "subscription.json"),
    TAGS,
    simple("users", &["users"], "user.json"),
];

/// The kind that a folder holds.
pub(super) fn of_folder(kinds: &'static [Kind], folder: &str) -> Option<&'static Kind> {
    kinds.iter().find(|kind| kind.folders.iter().any(|name| name.eq_ignore_ascii_case(folder)))
}

impl Kind {
    /// Whether a file holds the properties of an entity in whose folder it is.
    pub(super) fn is_file(&self, file: &str) -> bool {
        file.eq_ignore_ascii_case(self.file) || file.to_ascii_lowercase().ends_with("information.json")
    }

    /// Whether a file is the specification of an API.
    pub(super) fn is_specification(&self, file: &str) -> bool {
        const ENDINGS: &[&str] = &["yaml", "yml", "json", "wsdl", "wadl", "graphql", "gql", "proto"];
        let lower = file.to_ascii_lowercase();
        let Some((name, ending)) = lower.rsplit_once('.') else { return false };
        self.arm == "apis" && matches!(name, "specification" | "openapi") && ENDINGS.contains(&ending)
    }
}

/// Whether a file outside of any API is a specification that an API is made of.
pub(super) fn is_lone_specification(file: &str) -> bool {
    let lower = file.to_ascii_lowercase();
    match lower.rsplit_once('.') {
        Some((_, "wsdl")) => true,
        Some((name, "yaml" | "yml" | "json")) => matches!(name, "openapi" | "swagger" | "specification"),
        _ => false,
    }
}
