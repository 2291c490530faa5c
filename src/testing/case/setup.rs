//! Makes a test of what a case gives.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Case;
use super::parse::Message;
use crate::forward::ClientCertificate;
use crate::model::{
    Api, ApiEntry, ApiSchema, NamedValue, Operation, OperationEntry, Policy, PolicyFragment, Resolver, ResolverEntry,
    Store,
};
use crate::policy::{EventHub, Scope};
use crate::testing::answer::Answer;
use crate::testing::test::PolicyTest;

impl Case {
    /// The test that the parts of the case make.
    pub(super) fn test(&self) -> Result<PolicyTest, String> {
        let mut test = if self.part("apis").is_some() {
            PolicyTest::configuration(self.store()?)
        } else if let Some(path) = self.part("configuration") {
            PolicyTest::folder(path.trim())
        } else {
            self.documents()?
        };
        if let Some(text) = self.part("context") {
            test = test.context(&serde_json::from_str(text).map_err(|error| format!("context: {error}"))?);
        }
        if let Some(text) = self.part("clock") {
            let time: jiff::Timestamp = text.trim().parse().map_err(|error| format!("clock: {error}"))?;
            test = test.time(time.into());
        }
        if let Some(text) = self.part("random") {
            test = test.random(text.trim().parse().map_err(|error| format!("random: {error}"))?);
        }
        for (name, value) in self.pairs("variables")? {
            test = if value.starts_with('@') { test.variable_of(name, value) } else { test.variable(name, value) };
        }
        if let Some(Message { first, headers, body }) = self.messages("request").into_iter().next() {
            let (method, url) =
                first.split_once(' ').ok_or("request: expected a method and a URL in its first line")?;
            test =
                headers.iter().fold(test.request(method, url.trim()), |test, (name, value)| test.header(name, value));
            test = test.body(body);
        }
        if let Some(text) = self.part("client-certificate") {
            test = test.client_certificate(client_certificate(text)?);
        }
        for answer in self.messages("backend") {
            test = test.backend(answer.to_answer().map_err(|problem| format!("backend: {problem}"))?);
        }
        for (call, text) in self.parts_with("answer ") {
            let (pattern, delay) = call.split_once(" after ").unwrap_or((call, "0 s"));
            let seconds = delay.strip_suffix(" s").and_then(|seconds| seconds.parse().ok());
            let seconds = seconds.ok_or_else(|| format!("answer: `{delay}` is not `N s`"))?;
            let answer = Message::parse(text).to_answer().map_err(|problem| format!("answer: {problem}"))?;
            test = test.send_request(pattern, answer.after(Duration::from_secs(seconds)));
        }
        Ok(test)
    }

    fn documents(&self) -> Result<PolicyTest, String> {
        let mut test = PolicyTest::empty();
        for (name, value) in self.pairs("named-values")? {
            test = test.named_value(name, value);
        }
        for (id, url) in self.pairs("backends")? {
            test = test.backend_entity(id, Some(url).filter(|url| !url.is_empty()));
        }
        for (id, text) in self.pairs("loggers")? {
            let event_hub = EventHub::of_connection_string(text, None).map_err(|error| format!("loggers: {error}"))?;
            test = test.logger(id, event_hub);
        }
        for (id, text) in self.pairs("certificates")? {
            let (data, password) = text.split_once(' ').map_or((text, None), |(data, password)| (data, Some(password)));
            test = test.certificate(id, data, password);
        }
        for (id, text) in self.parts_with("fragment ") {
            test = test.fragment(id, text);
        }
        for (part, scope) in [
            ("global", Scope::Global),
            ("workspace", Scope::Workspace),
            ("product", Scope::Product),
            ("policies", Scope::Api),
            ("operation", Scope::Operation),
        ] {
            if let Some(text) = self.part(part) {
                test = test.document(scope, text);
            }
        }
        Ok(test)
    }

    /// The APIs of the part `apis`, with the documents of the case.
    fn store(&self) -> Result<Store, String> {
        let mut store = Store::new();
        let service = &mut store.service;
        service.policy = self.part("global").map(Policy::new);
        for (name, value) in self.pairs("named-values")? {
            service.named_values.insert(name, NamedValue::new().value(value));
        }
        for (name, text) in self.parts_with("fragment ") {
            service.policy_fragments.insert(name, PolicyFragment::new(text));
        }
        let text = self.part("apis").unwrap_or_default();
        let apis: Vec<Value> = serde_json::from_str(text).map_err(|error| format!("apis: {error}"))?;
        for (index, mut parts) in apis.into_iter().enumerate() {
            let mut take = |name: &str| parts.as_object_mut().and_then(|parts| parts.remove(name)).unwrap_or_default();
            let (operations, schemas) = (take("operations"), take("schemas"));
            let name = take("name").as_str().unwrap_or("api").to_owned();
            let mut api = read::<Api>(parts)?;
            api.subscription_required.get_or_insert(false);
            let mut entry = ApiEntry::new(api);
            let own = self.parts_with("api ").find(|(known, _)| *known == name).map(|(_, text)| text);
            entry.policy = own.or(self.part("policies").filter(|_| index == 0)).map(Policy::new);
            for operation in operations.as_array().into_iter().flatten() {
                let id = operation.get("name").and_then(Value::as_str).unwrap_or("operation").to_owned();
                let first = index == 0 && entry.operations.is_empty();
                let mut operation = OperationEntry::from(read::<Operation>(operation.clone())?);
                operation.policy = self.part("operation").filter(|_| first).map(Policy::new);
                entry.operations.insert(id, operation);
            }
            for (path, text) in self.parts_with("resolver ").filter(|_| index == 0) {
                let mut resolver = ResolverEntry::from(Resolver::new().path(path));
                resolver.policy = Some(Policy::new(text));
                entry.resolvers.insert(path.replace('/', "-"), resolver);
            }
            if let Some(text) = self.part("graphql").filter(|_| index == 0) {
                let mut schema = ApiSchema::new().content_type("application/vnd.ms-azure-apim.graphql.schema");
                schema.document = Some(json!({ "value": text }).into());
                entry.schemas.insert("graphql", schema);
            }
            for (id, schema) in schemas.as_object().into_iter().flatten() {
                entry.schemas.insert(id, read::<ApiSchema>(schema.clone())?);
            }
            service.apis.insert(name, entry);
        }
        Ok(store)
    }
}

impl Message {
    /// The answer that a message of a case stands for.
    fn to_answer(&self) -> Result<Answer, String> {
        match self.first.trim() {
            "timeout" => return Ok(Answer::times_out()),
            "refused" => return Ok(Answer::refuses()),
            _ => {}
        }
        if let Some(message) = self.first.strip_prefix("error ") {
            return Ok(Answer::fails(message.to_owned()));
        }
        let (status, reason) = self.first.split_once(' ').unwrap_or((&self.first, ""));
        let status = status.parse().ok().filter(|status| (100..1000).contains(status));
        let status = status.ok_or_else(|| {
            let first = &self.first;
            format!("`{first}` is not an answer: expected `STATUS REASON`, `timeout`, `refused` or `error TEXT`")
        })?;
        let mut answer = Answer::new(status);
        if !reason.is_empty() {
            answer = answer.reason(reason);
        }
        for (name, value) in &self.headers {
            answer = answer.try_header(name, value)?;
        }
        Ok(answer.body(self.body.clone()))
    }
}

/// A certificate in base64, and `trusted` behind it when its chain is.
fn client_certificate(text: &str) -> Result<ClientCertificate, String> {
    let (data, trust) = text.split_once(' ').unwrap_or((text, ""));
    let der = STANDARD.decode(data.trim()).map_err(|error| format!("client-certificate: {error}"))?;
    let certificate = ClientCertificate::new(der);
    match trust.trim() {
        "" => Ok(certificate),
        "trusted" => Ok(certificate.trusted()),
        other => Err(format!("client-certificate: `{other}` is not `trusted`")),
    }
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| format!("apis: {error}"))
}
