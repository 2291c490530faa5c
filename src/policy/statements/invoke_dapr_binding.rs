//! `invoke-dapr-binding`: triggers an external resource, through the Dapr sidecar.

use serde_json::{Map, Value as Json, json};

use super::super::compile::{Compiler, step};
use super::super::dapr::{CALL, Call, segment};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement};
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Child, Content, Scope, Section, Spec};
use super::set_body::BodyContent;
use crate::xml::Element;

const NAME: Attribute = Attribute::required("name", "the name of a binding").or_expression();
const OPERATION: Attribute = Attribute::optional("operation", "an operation such as `create`", "none");
const KEY: Attribute = Attribute::required("key", "a name");
const ITEM: Child = Child::new("item", "0..n", Content::Text { expressions: true }).attributes(&[KEY]);
const METADATA: Child = Child::new("metadata", "0..1", Content::Elements(&[ITEM]));
const DATA: Child = Child::new("data", "0..1", Content::Verbatim);

pub(crate) const SPEC: Spec = Spec::new(
    "invoke-dapr-binding",
    "Invokes an output binding through the Dapr sidecar, and waits for the sidecar's answer. `data` is sent as JSON \
     when it is JSON, else as a string.",
)
.sections(&[Section::Inbound, Section::Outbound, Section::OnError])
.scopes(&[Scope::Global, Scope::Product, Scope::Api, Scope::Operation])
.attributes(&[NAME, OPERATION, CALL[0], CALL[1], CALL[2], CALL[3], CALL[4]])
.content(Content::Elements(&[METADATA, DATA])).differences(&["The sidecar is at `http://localhost:3500`, at the port in `DAPR_HTTP_PORT`, or where `EngineSettings::dapr` says; a status of 400 or more is a failure."]);

/// `invoke-dapr-binding`, compiled.
#[derive(Debug)]
pub(crate) struct InvokeDaprBinding {
    name: Setting<String>,
    operation: Option<String>,
    metadata: Vec<(String, Setting<String>)>,
    data: Option<BodyContent>,
    call: Call,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let (call, is_liquid) = Call::compile(compiler, element);
    let name = compiler.setting(element, &NAME);
    let operation = compiler.constant(element, &OPERATION);
    let (mut metadata, mut data, mut is_whole) = (Vec::new(), None, true);
    for child in element.elements() {
        match &*child.name {
            "metadata" => {
                compiler.check_child(&METADATA, child);
                for item in child.elements().filter(|item| &*item.name == ITEM.element) {
                    compiler.check_child(&ITEM, item);
                    let key = compiler.constant::<String>(item, &KEY);
                    let value = compiler.text::<String>(item, true, "text");
                    is_whole &= value.is_some();
                    metadata.extend(key.zip(value));
                }
            }
            "data" => {
                compiler.check_child(&DATA, child);
                data = BodyContent::compile(compiler, child, is_liquid);
                is_whole &= data.is_some();
            }
            _ => {}
        }
    }
    let binding = InvokeDaprBinding { name: name?, operation, metadata, data, call: call? };
    is_whole.then(|| step("invoke-dapr-binding", binding))
}

impl InvokeDaprBinding {
    /// `{"data": …, "metadata": {…}, "operation": "…"}`.
    fn body(&self, exchange: &mut Exchange) -> Result<Json, Box<Failure>> {
        let mut body = Map::new();
        if let Some(data) = &self.data {
            let bytes = data.bytes(exchange)?;
            let data = serde_json::from_slice(&bytes);
            body.insert("data".to_owned(), data.unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes))));
        }
        if !self.metadata.is_empty() {
            let mut metadata = Map::new();
            for (key, value) in &self.metadata {
                metadata.insert(key.clone(), json!(*value.get(exchange)?));
            }
            body.insert("metadata".to_owned(), metadata.into());
        }
        if let Some(operation) = &self.operation {
            body.insert("operation".to_owned(), json!(operation));
        }
        Ok(body.into())
    }
}

impl Statement for InvokeDaprBinding {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let path = format!("/v1.0/bindings/{}", segment(self.name.get(exchange)?.trim()));
        let body = self.body(exchange)?.to_string();
        self.call.post(exchange, &path, body.into())
    }

    fn needs(&self) -> Needs {
        let data = self.data.as_ref().map_or(Needs::NONE, BodyContent::needs);
        let needs = self.name.needs() | data | self.call.needs();
        self.metadata.iter().fold(needs, |needs, (_, value)| needs | value.needs())
    }
}
