//! What an operation declares: parameters, bodies, responses.

use std::sync::Arc;

use super::schema::SchemaContract;

/// What an operation declares of its requests and responses.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct OperationContract {
    /// Parameters of the path.
    pub path: Vec<ParameterContract>,
    /// Parameters of the query.
    pub query: Vec<ParameterContract>,
    /// Headers of the request.
    pub headers: Vec<ParameterContract>,
    /// Bodies of the request by media type.
    pub request: Vec<BodyContract>,
    /// Responses by status.
    pub responses: Vec<ResponseContract>,
}

/// A parameter or header that is declared.
#[derive(Debug)]
#[non_exhaustive]
pub struct ParameterContract {
    /// The name.
    pub name: Arc<str>,
    /// Whether it must be there.
    pub required: bool,
    /// The JSON type of its value, `string` when it says none.
    pub kind: Arc<str>,
    /// The values that it may have; none for any.
    pub values: Vec<Arc<str>>,
    /// The schema of its value.
    pub schema: Option<Arc<SchemaContract>>,
}

/// A body that is declared.
#[derive(Debug)]
#[non_exhaustive]
pub struct BodyContract {
    /// The media type.
    pub content_type: Arc<str>,
    /// The schema; none when any body of that type is good.
    pub schema: Option<Arc<SchemaContract>>,
}

/// A response that is declared.
#[derive(Debug)]
#[non_exhaustive]
pub struct ResponseContract {
    /// The status; none for a range, and for all that are not declared.
    pub status: Option<u16>,
    /// The first digit of the statuses of a range, which is 4 for `4XX`.
    pub class: Option<u16>,
    /// Its headers.
    pub headers: Vec<ParameterContract>,
    /// Its bodies by media type.
    pub bodies: Vec<BodyContract>,
}

impl ParameterContract {
    /// A parameter of a JSON type; absent it is a `string`.
    pub fn new(name: impl Into<Arc<str>>, kind: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), required: false, kind: kind.into(), values: Vec::new(), schema: None }
    }
}

impl BodyContract {
    /// A body of a media type.
    pub fn new(content_type: impl Into<Arc<str>>, schema: Option<Arc<SchemaContract>>) -> Self {
        Self { content_type: content_type.into(), schema }
    }
}

impl ResponseContract {
    /// A response without headers and bodies.
    pub fn new(status: Option<u16>) -> Self {
        Self { status, class: None, headers: Vec::new(), bodies: Vec::new() }
    }
}

impl OperationContract {
    /// The response that is declared for a status, else for its range, else for all others.
    pub(crate) fn response(&self, status: u16) -> Option<&ResponseContract> {
        let of = |status, class| {
            self.responses.iter().find(move |response| response.status == status && response.class == class)
        };
        of(Some(status), None).or_else(|| of(None, Some(status / 100))).or_else(|| of(None, None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_response_holds() {
        let mut contract = OperationContract::default();
        assert!(contract.response(200).is_none());
        let range = ResponseContract { class: Some(4), ..ResponseContract::new(None) };
        contract.responses = vec![ResponseContract::new(None), range, ResponseContract::new(Some(404))];
        let found = |status| contract.response(status).map(|response| (response.status, response.class));
        assert_eq!(found(404), Some((Some(404), None)));
        assert_eq!(found(400), Some((None, Some(4))));
        assert_eq!(found(500), Some((None, None)));
    }
}
