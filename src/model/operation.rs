//! An operation: one method and URL template of an API.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::extra::Extra;
use super::json::Json;
use super::tolerant;

/// One method and URL template of an API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Operation {
    /// HTTP method, or `*` for any.
    pub method: String,
    /// Path with parameters in braces, such as `/orders/{id}`; `/*` is any.
    pub url_template: String,
    /// Name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Parameters of the URL template.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "tolerant::list")]
    pub template_parameters: Vec<Parameter>,
    /// What a request looks like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<OperationRequest>,
    /// What responses look like.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "tolerant::list")]
    pub responses: Vec<OperationResponse>,
    /// What responses look like whose status code is none of those: of ranges, and of all others. Azure knows no such member, and
    /// asks for a code in each of `responses`.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "tolerant::list")]
    pub other_responses: Vec<OperationResponse>,
    /// Policy of the operation, in old contracts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policies: Option<String>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Operation {
    /// Makes one of what is required.
    pub fn new(method: impl Into<String>, url_template: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            url_template: url_template.into(),
            display_name: None,
            description: None,
            template_parameters: Vec::new(),
            request: None,
            responses: Vec::new(),
            other_responses: Vec::new(),
            policies: None,
            extra: Extra::default(),
        }
    }

    /// Sets: name for people.
    #[must_use]
    pub fn display_name(mut self, display_name: impl Into<String>) -> Self {
        self.display_name = Some(display_name.into());
        self
    }

    /// Sets: description.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Adds a parameter of the URL template.
    #[must_use]
    pub fn template_parameter(mut self, template_parameter: Parameter) -> Self {
        self.template_parameters.push(template_parameter);
        self
    }

    /// Sets: what a request looks like.
    #[must_use]
    pub fn request(mut self, request: OperationRequest) -> Self {
        self.request = Some(request);
        self
    }

    /// Adds a response.
    #[must_use]
    pub fn response(mut self, response: OperationResponse) -> Self {
        self.responses.push(response);
        self
    }

    /// Adds a response of a range of status codes, or of all that are not declared.
    #[must_use]
    pub fn other_response(mut self, response: OperationResponse) -> Self {
        self.other_responses.push(response);
        self
    }

    /// Sets: policy of the operation, in old contracts.
    #[must_use]
    pub fn policies(mut self, policies: impl Into<String>) -> Self {
        self.policies = Some(policies.into());
        self
    }
}

/// A parameter of a URL template, a query or a header.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Parameter {
    /// Name.
    pub name: String,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// JSON type, such as `string` or `number`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Whether it must be present; absent means false.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "tolerant::boolean")]
    pub required: Option<bool>,
    /// Value when it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_value: Option<serde_json::Value>,
    /// Allowed values.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "tolerant::list")]
    pub values: Vec<serde_json::Value>,
    /// Name of the schema of the API that describes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_id: Option<Arc<str>>,
    /// Type inside that schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_name: Option<Arc<str>>,
    /// Examples by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub examples: Option<Json>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Parameter {
    /// Makes one of what is required.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            description: None,
            kind: None,
            required: None,
            default_value: None,
            values: Vec::new(),
            schema_id: None,
            type_name: None,
            examples: None,
            extra: Extra::default(),
        }
    }

    /// Sets: description.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sets: JSON type, such as `string` or `number`.
    #[must_use]
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = Some(kind.into());
        self
    }

    /// Sets: whether it must be present; absent means false.
    #[must_use]
    pub fn required(mut self, required: bool) -> Self {
        self.required = Some(required);
        self
    }

    /// Sets: allowed values.
    #[must_use]
    pub fn values(mut self, values: impl IntoIterator<Item = serde_json::Value>) -> Self {
        self.values = values.into_iter().collect();
        self
    }

    /// Sets: name of the schema of the API that describes it.
    #[must_use]
    pub fn schema_id(mut self, schema_id: impl Into<Arc<str>>) -> Self {
        self.schema_id = Some(schema_id.into());
        self
    }

    /// Sets: type inside that schema.
    #[must_use]
    pub fn type_name(mut self, type_name: impl Into<Arc<str>>) -> Self {
        self.type_name = Some(type_name.into());
        self
    }
}

/// What a request for an operation looks like.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OperationRequest {
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Query parameters.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "tolerant::list")]
    pub query_parameters: Vec<Parameter>,
    /// Headers.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "tolerant::list")]
    pub headers: Vec<Parameter>,
    /// Bodies by content type.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "tolerant::list")]
    pub representations: Vec<Representation>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl OperationRequest {
    /// Makes one in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets: description.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn query_parameter(mut self, query_parameter: Parameter) -> Self {
        self.query_parameters.push(query_parameter);
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, header: Parameter) -> Self {
        self.headers.push(header);
        self
    }

    /// Adds a body of one content type.
    #[must_use]
    pub fn representation(mut self, representation: Representation) -> Self {
        self.representations.push(representation);
        self
    }
}

/// What one response of an operation looks like.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OperationResponse {
    /// Status code.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "tolerant::integer")]
    pub status_code: Option<u16>,
    /// The first digit of the status codes that it is for, 4 for `4XX`, when it is for a range; one without code and range is
    /// for all others. Azure knows codes alone.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "tolerant::integer")]
    pub status_class: Option<u16>,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Headers.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "tolerant::list")]
    pub headers: Vec<Parameter>,
    /// Bodies by content type.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "tolerant::list")]
    pub representations: Vec<Representation>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl OperationResponse {
    /// Makes one in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets: status code.
    #[must_use]
    pub fn status_code(mut self, status_code: u16) -> Self {
        self.status_code = Some(status_code);
        self
    }

    /// Sets: the first digit of the status codes of a range.
    #[must_use]
    pub fn status_class(mut self, status_class: u16) -> Self {
        self.status_class = Some(status_class);
        self
    }

    /// Sets: description.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, header: Parameter) -> Self {
        self.headers.push(header);
        self
    }

    /// Adds a body of one content type.
    #[must_use]
    pub fn representation(mut self, representation: Representation) -> Self {
        self.representations.push(representation);
        self
    }
}

/// A body of one content type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Representation {
    /// Media type, such as `application/json`.
    pub content_type: Arc<str>,
    /// Name of the schema of the API that describes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_id: Option<Arc<str>>,
    /// Type inside that schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_name: Option<Arc<str>>,
    /// Fields of a form.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "tolerant::list")]
    pub form_parameters: Vec<Parameter>,
    /// Examples by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub examples: Option<Json>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Representation {
    /// Makes one of what is required.
    pub fn new(content_type: impl Into<Arc<str>>) -> Self {
        Self {
            content_type: content_type.into(),
            schema_id: None,
            type_name: None,
            form_parameters: Vec::new(),
            examples: None,
            extra: Extra::default(),
        }
    }

    /// Sets: name of the schema of the API that describes it.
    #[must_use]
    pub fn schema_id(mut self, schema_id: impl Into<Arc<str>>) -> Self {
        self.schema_id = Some(schema_id.into());
        self
    }

    /// Sets: type inside that schema.
    #[must_use]
    pub fn type_name(mut self, type_name: impl Into<Arc<str>>) -> Self {
        self.type_name = Some(type_name.into());
        self
    }

    /// Adds a field of a form.
    #[must_use]
    pub fn form_parameter(mut self, form_parameter: Parameter) -> Self {
        self.form_parameters.push(form_parameter);
        self
    }
}
