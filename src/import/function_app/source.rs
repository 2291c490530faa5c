//! The forms in which the functions of an app are described: folders, listings, metadata, templates.

use std::collections::HashMap;

use serde_json::Value;

use crate::import::description::Budget;
use crate::import::openapi::SyntaxError;

/// A name made of parameters ends when it is longer than any may be, in bytes.
const LONGEST_NAME: usize = 1_000;

/// One file of a Function App, or a listing of its functions.
#[derive(Clone, Copy, Debug)]
pub struct SourceFile<'f> {
    /// Path inside the app, with `/` between folders: `host.json`, `GetOrder/function.json`, `functions.metadata`.
    pub path: &'f str,
    /// The content.
    pub bytes: &'f [u8],
}

/// What is known about an app.
#[derive(Debug, Default)]
pub(super) struct App {
    pub(super) name: Option<String>,
    pub(super) resource_id: Option<String>,
    pub(super) route_prefix: Option<String>,
    pub(super) settings: HashMap<String, String>,
    pub(super) functions: Vec<Function>,
    /// Files that cannot be read, and why.
    pub(super) broken: Vec<(String, SyntaxError)>,
}

/// A function as it is described.
#[derive(Debug)]
pub(super) struct Function {
    /// Where it is described: file and JSON pointer.
    pub(super) place: (String, String),
    pub(super) name: String,
    /// An error when the description cannot be read.
    pub(super) config: Result<Value, SyntaxError>,
    pub(super) invoke_url: Option<String>,
    pub(super) is_disabled: bool,
}

impl App {
    /// Reads the files; those whose names say nothing are told apart by what they hold.
    pub(super) fn read(files: &[SourceFile<'_>], mut budget: Budget) -> Self {
        let mut app = Self::default();
        let mut files: Vec<_> = files.iter().collect();
        files.sort_by(|a, b| a.path.split('/').cmp(b.path.split('/')));
        let root = root(&files);
        let is_alone = files.len() == 1;
        for file in files {
            let (folder, name) = split(file.path);
            if root.is_some_and(|root| !is_of_app(root, folder, name)) {
                continue;
            }
            let value = budget.read(file.bytes);
            let place = |pointer: String| (file.path.to_owned(), pointer);
            if name.eq_ignore_ascii_case("function.json") {
                let function = folder.rsplit('/').next().unwrap_or_default();
                app.functions.push(Function::new(place(String::new()), function, value));
                continue;
            }
            match value {
                // What else lies in the folder of an app may have comments, such as `tsconfig.json`.
                Err(_) if !is_alone && !is_known(name) => {}
                Err(error) => app.broken.push((file.path.to_owned(), error)),
                Ok(value) if name.eq_ignore_ascii_case("host.json") => app.host(&value),
                Ok(value) => app.other(value, &place),
            }
        }
        app
    }

    fn host(&mut self, host: &Value) {
        let prefix = host.pointer("/extensions/http/routePrefix").or_else(|| host.pointer("/http/routePrefix"));
        self.route_prefix = prefix.and_then(Value::as_str).map(|prefix| prefix.trim_matches('/').to_owned());
    }

    fn other(&mut self, mut value: Value, place: &dyn Fn(String) -> (String, String)) {
        if let Some(resources) = value["resources"].as_array() {
            return self.template(&value, resources, place);
        }
        let (list, functions) = match value.get_mut("value").map(Value::take) {
            Some(Value::Array(functions)) => ("/value", functions),
            Some(other) => {
                self.settings.extend(other.as_str().map(|text| ("value".to_owned(), text.to_owned())));
                ("", Vec::new())
            }
            None => ("", value.as_array_mut().map(std::mem::take).unwrap_or_default()),
        };
        for (index, function) in functions.into_iter().enumerate() {
            self.listed(function, place(format!("{list}/{index}")));
        }
        self.settings.extend(strings(&value));
    }

    /// A function of the management listing, of the host's listing, or of worker metadata.
    fn listed(&mut self, mut entry: Value, place: (String, String)) {
        let has_properties = entry["properties"]["config"].is_object();
        let config = if entry["bindings"].is_array() {
            let members = ["bindings", "disabled"].into_iter();
            members.filter_map(|name| Some((name.to_owned(), entry.get_mut(name)?.take()))).collect()
        } else {
            let config = entry.pointer_mut(if has_properties { "/properties/config" } else { "/config" });
            config.map(Value::take).unwrap_or_default()
        };
        let properties = if has_properties { &entry["properties"] } else { &entry };
        let full_name = entry["name"].as_str().unwrap_or_default();
        let name = properties["name"].as_str().unwrap_or(full_name);
        let mut function = Function::new(place, name.rsplit('/').next().unwrap_or_default(), Ok(config));
        function.invoke_url = properties["invoke_url_template"].as_str().map(str::to_owned);
        function.is_disabled = properties["isDisabled"].as_bool().unwrap_or_default();
        self.functions.push(function);
        let id = properties["function_app_id"].as_str();
        let id = id.or_else(|| entry["id"].as_str()?.split_once("/functions/").map(|(app, _)| app));
        if let Some(id) = id {
            self.name.get_or_insert_with(|| id.rsplit('/').next().unwrap_or_default().to_owned());
            self.resource_id.get_or_insert_with(|| id.to_owned());
        }
        if let Some((app, _)) = full_name.split_once('/') {
            self.name.get_or_insert_with(|| app.to_owned());
        }
    }

    fn template(&mut self, template: &Value, resources: &[Value], place: &dyn Fn(String) -> (String, String)) {
        for (index, resource) in resources.iter().enumerate() {
            let kind = resource["type"].as_str().unwrap_or_default();
            let name = evaluate(resource["name"].as_str().unwrap_or_default(), template);
            if kind.eq_ignore_ascii_case("Microsoft.Web/sites") {
                self.name.get_or_insert(name);
                let settings = resource["properties"]["siteConfig"]["appSettings"].as_array();
                for setting in settings.into_iter().flatten() {
                    if let (Some(name), Some(value)) = (setting["name"].as_str(), setting["value"].as_str()) {
                        self.settings.insert(name.to_owned(), value.to_owned());
                    }
                }
            } else if kind.eq_ignore_ascii_case("Microsoft.Web/sites/functions") {
                let short = name.rsplit('/').next().unwrap_or_default().to_owned();
                let place = place(format!("/resources/{index}"));
                self.functions.push(Function::new(place, &short, Ok(resource["properties"]["config"].clone())));
            }
        }
    }
}

impl Function {
    fn new(place: (String, String), name: &str, config: Result<Value, SyntaxError>) -> Self {
        Self { place, name: name.to_owned(), config, invoke_url: None, is_disabled: false }
    }
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// The folder of the app: that of the uppermost `host.json`.
fn root<'f>(files: &[&SourceFile<'f>]) -> Option<&'f str> {
    let hosts = files.iter().map(|file| split(file.path)).filter(|(_, name)| name.eq_ignore_ascii_case("host.json"));
    hosts.map(|(folder, _)| folder).min_by_key(|folder| folder.len())
}

/// Whether a file belongs to the app at `root`: it is there, or describes a function in a folder there.
fn is_of_app(root: &str, folder: &str, name: &str) -> bool {
    if folder == root {
        return !name.eq_ignore_ascii_case("function.json");
    }
    let inside =
        if root.is_empty() { Some(folder) } else { folder.strip_prefix(root).and_then(|f| f.strip_prefix('/')) };
    let is_function = name.eq_ignore_ascii_case("function.json") && inside.is_some_and(|inside| !inside.contains('/'));
    is_function || name.eq_ignore_ascii_case("functions.metadata")
}

/// Files that describe an app, whatever they hold.
fn is_known(name: &str) -> bool {
    let names = ["host.json", "local.settings.json", "functions.metadata", "functions.json", "template.json"];
    names.iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn strings(value: &Value) -> impl Iterator<Item = (String, String)> {
    // `local.settings.json` keeps them one level down.
    let value = if value["Values"].is_object() { &value["Values"] } else { value };
    let members = value.as_object().into_iter().flatten();
    members.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
}

/// A name of a template: `[concat(parameters('app'), '/Name')]` with the parameters' defaults, or the text itself.
fn evaluate(name: &str, template: &Value) -> String {
    let Some(expression) = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) else {
        return name.to_owned();
    };
    let inside = expression.strip_prefix("concat(").and_then(|rest| rest.strip_suffix(')')).unwrap_or(expression);
    let term = |term: &str| {
        let quoted = term.strip_prefix('\'').and_then(|term| term.strip_suffix('\''));
        let parameter = term.strip_prefix("parameters('").and_then(|term| term.strip_suffix("')"));
        let default = |name: &str| template["parameters"][name]["defaultValue"].as_str().map(str::to_owned);
        quoted.map(str::to_owned).or_else(|| parameter.and_then(default)).unwrap_or_default()
    };
    let mut name = String::new();
    for part in inside.split(',') {
        name.push_str(&term(part.trim()));
        if name.len() > LONGEST_NAME {
            break;
        }
    }
    name
}
