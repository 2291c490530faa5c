//! A diagnostic: what of each request is logged, and where.

use serde::{Deserialize, Serialize};

use super::extra::Extra;
use super::open_enum::open_enum;
use super::tolerant;

/// What of each request is logged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Diagnostic {
    /// Resource id of the logger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logger_id: Option<String>,
    /// Kind of messages that are logged regardless of sampling: `allErrors`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub always_log: Option<String>,
    /// Share of requests that are logged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampling: Option<Sampling>,
    /// What is logged of messages from and to the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frontend: Option<PipelineDiagnostic>,
    /// What is logged of messages to and from the backend.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend: Option<PipelineDiagnostic>,
    /// Whether the address of the client is logged; absent means false.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "tolerant::boolean")]
    pub log_client_ip: Option<bool>,
    /// Which correlation headers are sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_correlation_protocol: Option<CorrelationProtocol>,
    /// Least severity of `trace` statements that are sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verbosity: Option<Verbosity>,
    /// How the operation is called: `Name` or `Url`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation_name_format: Option<String>,
    /// Whether `emit-metric` statements are sent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "tolerant::boolean")]
    pub metrics: Option<bool>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Diagnostic {
    /// Makes one in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets: resource id of the logger.
    #[must_use]
    pub fn logger_id(mut self, logger_id: impl Into<String>) -> Self {
        self.logger_id = Some(logger_id.into());
        self
    }

    /// Sets: kind of messages that are logged regardless of sampling: `allErrors`.
    #[must_use]
    pub fn always_log(mut self, always_log: impl Into<String>) -> Self {
        self.always_log = Some(always_log.into());
        self
    }

    /// Sets: share of requests that are logged.
    #[must_use]
    pub fn sampling(mut self, sampling: Sampling) -> Self {
        self.sampling = Some(sampling);
        self
    }

    /// Sets: what is logged of messages from and to the client.
    #[must_use]
    pub fn frontend(mut self, frontend: PipelineDiagnostic) -> Self {
        self.frontend = Some(frontend);
        self
    }

    /// Sets: what is logged of messages to and from the backend.
    #[must_use]
    pub fn backend(mut self, backend: PipelineDiagnostic) -> Self {
        self.backend = Some(backend);
        self
    }

    /// Sets: whether the address of the client is logged; absent means false.
    #[must_use]
    pub fn log_client_ip(mut self, log_client_ip: bool) -> Self {
        self.log_client_ip = Some(log_client_ip);
        self
    }

    /// Sets: which correlation headers are sent.
    #[must_use]
    pub fn http_correlation_protocol(mut self, http_correlation_protocol: CorrelationProtocol) -> Self {
        self.http_correlation_protocol = Some(http_correlation_protocol);
        self
    }

    /// Sets: least severity of `trace` statements that are sent.
    #[must_use]
    pub fn verbosity(mut self, verbosity: Verbosity) -> Self {
        self.verbosity = Some(verbosity);
        self
    }

    /// Sets: how the operation is called: `Name` or `Url`.
    #[must_use]
    pub fn operation_name_format(mut self, operation_name_format: impl Into<String>) -> Self {
        self.operation_name_format = Some(operation_name_format.into());
        self
    }

    /// Sets: whether `emit-metric` statements are sent.
    #[must_use]
    pub fn metrics(mut self, metrics: bool) -> Self {
        self.metrics = Some(metrics);
        self
    }
}

/// Share of requests that are logged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Sampling {
    /// `fixed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampling_type: Option<String>,
    /// Share, from 0 to 100.
    #[serde(deserialize_with = "tolerant::required_float")]
    pub percentage: f64,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Sampling {
    /// Sets: `fixed`.
    #[must_use]
    pub fn sampling_type(mut self, sampling_type: impl Into<String>) -> Self {
        self.sampling_type = Some(sampling_type.into());
        self
    }
}

/// What is logged of the messages on one side of the gateway.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PipelineDiagnostic {
    /// What is logged of requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<MessageDiagnostic>,
    /// What is logged of responses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<MessageDiagnostic>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl PipelineDiagnostic {
    /// Makes one in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets: what is logged of requests.
    #[must_use]
    pub fn request(mut self, request: MessageDiagnostic) -> Self {
        self.request = Some(request);
        self
    }

    /// Sets: what is logged of responses.
    #[must_use]
    pub fn response(mut self, response: MessageDiagnostic) -> Self {
        self.response = Some(response);
        self
    }
}

/// What is logged of a message.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct MessageDiagnostic {
    /// Names of headers.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "tolerant::list")]
    pub headers: Vec<String>,
    /// How much of the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<BodyDiagnostic>,
    /// What is hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_masking: Option<serde_json::Value>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl MessageDiagnostic {
    /// Makes one in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets: names of headers.
    #[must_use]
    pub fn headers(mut self, headers: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.headers = headers.into_iter().map(Into::into).collect();
        self
    }

    /// Sets: how much of the body.
    #[must_use]
    pub fn body(mut self, body: BodyDiagnostic) -> Self {
        self.body = Some(body);
        self
    }
}

/// How much of a body is logged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct BodyDiagnostic {
    /// Bytes, up to 8192.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "tolerant::integer")]
    pub bytes: Option<u32>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl BodyDiagnostic {
    /// Makes one in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets: bytes, up to 8192.
    #[must_use]
    pub fn bytes(mut self, bytes: u32) -> Self {
        self.bytes = Some(bytes);
        self
    }
}

open_enum! {
    /// Which correlation headers are sent to a backend.
    pub enum CorrelationProtocol {
        /// None.
        None = "None",
        /// `Request-Id`.
        Legacy = "Legacy",
        /// `traceparent` and `tracestate`.
        W3c = "W3C",
    }
}

open_enum! {
    /// Severity of what is logged.
    pub enum Verbosity {
        /// All.
        Verbose = "verbose",
        /// Information and errors.
        Information = "information",
        /// Errors only.
        Error = "error",
    }
}
