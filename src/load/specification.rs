//! The operations of an API that only its specification names.

use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

use super::item::{Item, Specification};
use super::problem::Problem;
use super::source::Source;
use crate::model::{ApiEntry, ApiSchema, Store};

/// Reads specifications. Both give warnings, or else problems, which [`Problem`]s place in the file.
pub(super) struct Importer {
    /// Puts operations and schemas into an API that is there already.
    pub(super) into_api: fn(&Specification, &mut ApiEntry) -> Result<Vec<Problem>, Vec<Problem>>,
    /// Makes an API, with its name, of nothing but a specification; none for a part of another one.
    pub(super) alone: fn(&Specification) -> Result<(Option<(String, ApiEntry)>, Vec<Problem>), Vec<Problem>>,
    /// The text of an XML document, which may be in one of several encodings; none when it is in no known one.
    pub(super) markup_text: fn(&[u8]) -> Option<String>,
}

/// What reads specifications; nothing when this build has no importer.
const IMPORTER: Option<Importer> = {
    #[cfg(feature = "import")]
    let importer = Some(super::importer::IMPORTER);
    #[cfg(not(feature = "import"))]
    let importer = None;
    importer
};

/// The text of an XML document that an importer may read.
pub(super) fn markup_text(bytes: Vec<u8>) -> Option<String> {
    match IMPORTER {
        Some(importer) => (importer.markup_text)(&bytes),
        None => String::from_utf8(bytes).ok(),
    }
}

/// APIs whose operations are not known, because their specification was not read.
#[derive(Debug, Default)]
pub(super) struct Unread(HashSet<String>);

impl Unread {
    /// Whether an item belongs to an operation that the specification of its API may define.
    pub(super) fn covers(&self, item: &Item) -> bool {
        let kinds = item.kinds();
        matches!(kinds.as_slice(), [apis, operations, ..] if apis == "apis" && operations == "operations")
            && self.0.contains(&key(item.workspace.as_deref(), item.name(0)))
    }
}

/// The specification that an API of a template holds; links are refused.
pub(super) fn of_template(item: &Item) -> Result<Option<Specification>, Problem> {
    let text = |name: &str| item.properties.get(name).and_then(|node| node.as_str());
    let (Some(format), Some(value)) = (text("format"), text("value")) else { return Ok(None) };
    if format.to_ascii_lowercase().contains("-link") {
        let message = format!("`format` is `{format}`, and links are not followed: put the specification into `value`");
        return Err(item.problem(message));
    }
    let (source, workspace, api) = (Rc::clone(&item.source), item.workspace.clone(), Some(item.name(0).to_owned()));
    Ok(Some(Specification { source, inline: Some(value.to_owned()), workspace, api, beside: Vec::new() }))
}

/// Reads the specifications into their APIs, before the operations that stand in files of their own are added.
pub(super) fn read_all(
    specifications: &[Specification],
    items: &[Item],
    store: &mut Store,
    warnings: &mut Vec<Problem>,
    problems: &mut Vec<Problem>,
    broken: &HashSet<String>,
) -> Unread {
    let with_operations: HashSet<String> = items
        .iter()
        .filter(|item| item.kinds() == ["apis", "operations"])
        .map(|item| key(item.workspace.as_deref(), item.name(0)))
        .collect();
    let mut unread = Unread::default();
    for specification in specifications {
        let Specification { source, workspace, .. } = specification;
        let Some(api) = &specification.api else {
            alone(specification, store, warnings, problems);
            continue;
        };
        let Some(entry) = store.entities_mut(workspace.as_deref()).apis.get_mut(api) else {
            if broken.contains(&Item::key_of(workspace.as_deref(), "apis", api)) {
                continue;
            }
            let message = format!("API `{api}` is not defined: add `api.json` with its `path`");
            problems.push(Problem::new(source.file.clone(), None, message));
            continue;
        };
        if is_graphql(&source.file) {
            entry.schemas.insert("graphql", graphql_schema(specification));
            continue;
        }
        match IMPORTER {
            Some(importer) => match (importer.into_api)(specification, entry) {
                Ok(found) => warnings.extend(found),
                Err(found) => problems.extend(found),
            },
            None => {
                let key = key(workspace.as_deref(), api);
                if !with_operations.contains(&key) {
                    warnings.push(not_read(source, api));
                }
                unread.0.insert(key);
            }
        }
    }
    unread
}

/// Whether a file is a schema of GraphQL, which needs no importer.
fn is_graphql(file: &str) -> bool {
    let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending);
    ["graphql", "gql"].iter().any(|known| ending.eq_ignore_ascii_case(known))
}

/// The schema of an API as resources have it.
fn graphql_schema(specification: &Specification) -> ApiSchema {
    let mut schema = ApiSchema::new().content_type("application/vnd.ms-azure-apim.graphql.schema");
    schema.document = Some(serde_json::json!({ "value": specification.source.text }).into());
    schema
}

/// Adds the API of a folder that holds its specification and no more.
fn alone(specification: &Specification, store: &mut Store, warnings: &mut Vec<Problem>, problems: &mut Vec<Problem>) {
    let file = &specification.source.file;
    let Some(importer) = IMPORTER else {
        problems.push(Problem::new(
            Arc::clone(file),
            None,
            "this build does not read specifications: add `apis/<name>/api.json`",
        ));
        return;
    };
    match (importer.alone)(specification) {
        Err(found) => problems.extend(found),
        Ok((None, found)) => warnings.extend(found),
        Ok((Some((name, entry)), found)) => {
            warnings.extend(found);
            let apis = &mut store.entities_mut(specification.workspace.as_deref()).apis;
            if apis.contains(&name) {
                let message =
                    format!("API `{name}` is there already: put the file into `apis/{name}`, or give it another title");
                problems.push(Problem::new(Arc::clone(file), None, message));
                return;
            }
            let access = format!(
                "API `{name}` needs no key: a file `apis/{name}/api.json` beside its specification says otherwise"
            );
            warnings.push(Problem::new(Arc::clone(file), None, access));
            apis.insert(name, entry);
        }
    }
}

fn not_read(source: &Rc<Source>, api: &str) -> Problem {
    let message = format!(
        "API `{api}` has no operations: this build does not read specifications: add `operations/<name>/operation.json`"
    );
    Problem::new(source.file.clone(), None, message)
}

fn key(workspace: Option<&str>, api: &str) -> String {
    format!("{}/{api}", workspace.unwrap_or_default()).to_lowercase()
}
