//! OData APIs: what their metadata declares, and the operations that take every request.

use std::sync::{Arc, LazyLock};

use serde_json::Value;

use super::problem::Problem;
use crate::model::{ApiEntry, ApiKind, Operation, OperationEntry};
use crate::policy::ODataMetadata;

/// The operations of an API that lists none: its metadata says what there is.
static OPERATIONS: LazyLock<Vec<(String, OperationEntry)>> = LazyLock::new(|| {
    let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "MERGE", "DELETE"];
    methods.map(|method| (format!("odata-{}", method.to_lowercase()), Operation::new(method, "/*").into())).into()
});

/// The metadata of an OData API: the schema of it that is one.
pub(super) fn metadata(name: &str, entry: &ApiEntry, warnings: &mut Vec<Problem>) -> Option<Arc<ODataMetadata>> {
    if entry.api.effective_kind() != ApiKind::Odata {
        return None;
    }
    let mut why = "it has no schema with its metadata".to_owned();
    for (_, schema) in entry.schemas.iter() {
        let document = schema.document.as_deref().and_then(|document| document.get("value")).and_then(Value::as_str);
        match document.map(ODataMetadata::parse) {
            Some(Ok(metadata)) => return Some(Arc::new(metadata)),
            Some(Err(problem)) => why = problem,
            None => {}
        }
    }
    warnings.push(Problem::Entity {
        entity: format!("API `{name}`"),
        message: format!("requests cannot be validated: {why}"),
    });
    None
}

/// The operations that an OData API has when the configuration lists none.
pub(super) fn operations(entry: &ApiEntry) -> impl Iterator<Item = (&str, &OperationEntry)> {
    let is_bare = entry.api.effective_kind() == ApiKind::Odata && entry.operations.is_empty();
    OPERATIONS.iter().filter(move |_| is_bare).map(|(id, entry)| (id.as_str(), entry))
}
