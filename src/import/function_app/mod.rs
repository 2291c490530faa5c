//! Function Apps: an operation for each HTTP function, behind a backend that holds the host key.

mod bindings;
mod route;
mod source;

use std::collections::{HashMap, HashSet};

use bindings::Trigger;
pub use source::SourceFile;
use source::{App, Function};

use super::description::Budget;
use super::finding::Findings;
use super::generated::{literal_url, policy_text};
use super::limits::{EVERY_METHOD, LARGEST_DESCRIPTION, MOST_VALUES};
use super::names::{Taken, cut, identifier};
use super::{Imported, ImportedPolicy, Options, openapi};
use crate::model::{Api, ApiProtocol, Backend, Credentials, NamedValue, Operation, Policy, Resource};

/// Settings of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FunctionAppOptions {
    /// Name of the app when its files do not tell it: `contoso-crm`.
    pub app: Option<String>,
    /// Host of the app when its files do not tell it; otherwise `{app}.azurewebsites.net`.
    pub host: Option<String>,
    /// Name of the API resource; otherwise made from the app's name.
    pub name: Option<String>,
    /// URL suffix of the API; otherwise its name.
    pub path: Option<String>,
    /// Whether a function that names no method becomes one operation for each method; otherwise one `POST`.
    pub every_method: bool,
    /// Whether a route that ends in optional parameters becomes an operation without them, too.
    pub shorter_templates: bool,
    /// The most bytes of all files: 16 MiB.
    pub max_bytes: usize,
    /// The most values in all files, names of members among them: 400 000.
    pub max_values: usize,
}

impl Default for FunctionAppOptions {
    fn default() -> Self {
        Self {
            app: None,
            host: None,
            name: None,
            path: None,
            every_method: false,
            shorter_templates: false,
            max_bytes: LARGEST_DESCRIPTION,
            max_values: MOST_VALUES,
        }
    }
}

impl FunctionAppOptions {
    fn budget(&self) -> Budget {
        Budget::new(self.max_bytes, self.max_values)
    }
}

/// Imports the HTTP functions of an app.
///
/// The files are those of the app's folder, or one listing, worker metadata or template. The host key is not in any of
/// them: the named value `{app}-key` is made without a value, and [`Imported::findings`] says so.
///
/// ```
/// use gatewright::import::{FunctionAppOptions, SourceFile, function_app};
///
/// let binding = br#"{"bindings": [{"type": "httpTrigger", "methods": ["get"], "route": "orders/{id:int}"}]}"#;
/// let mut options = FunctionAppOptions::default();
/// options.app = Some("contoso-orders".to_owned());
/// let imported = function_app(&[SourceFile { path: "GetOrder/function.json", bytes: binding }], &options);
/// assert_eq!(imported.operations[0].properties.url_template, "/orders/{id}");
/// assert_eq!(imported.backends[0].properties.url.as_deref(), Some("https://contoso-orders.azurewebsites.net/api"));
/// ```
pub fn function_app(files: &[SourceFile<'_>], options: &FunctionAppOptions) -> Imported {
    let app = App::read(files, options.budget());
    let mut findings = Findings::default();
    broken(&app, &mut findings);
    let app_name = options.app.clone().or_else(|| app.name.clone()).unwrap_or_else(|| "function-app".to_owned());
    let functions = importable(&app, &mut findings);
    let operations = operations(&functions, options, &mut findings);
    if operations.is_empty() {
        findings.refuse("no-operations", "", "no function can be imported");
    }
    let id = app_id(&app_name);
    let key = format!("{id}-key");
    let url = backend_url(&app, &functions, &app_name, options);
    let backend = backend(&app, &app_name, &id, &key, url, &mut findings);
    if !operations.is_empty() {
        findings.warn("named-value-without-value", "", format!("named value `{key}` needs the host key of the app"));
    }

    let name = options.name.clone().unwrap_or_else(|| id.clone());
    let mut api = Api::new(options.path.clone().unwrap_or_else(|| name.clone())).protocol(ApiProtocol::Https);
    api.display_name = Some(cut(&app_name, 300).0.to_owned());
    api.description = Some(format!("Import from \"{app_name}\" Function App"));
    let mut imported = Imported::new(findings.into_vec(), Resource::new(name, api));
    if operations.is_empty() {
        return imported;
    }
    let statement = format!("        <set-backend-service id=\"apim-generated-policy\" backend-id=\"{id}\" />\n");
    let policy = |operation: &Resource<Operation>| ImportedPolicy {
        operation: operation.name.clone(),
        name: "policy",
        properties: Policy::new(policy_text(&statement, "")),
    };
    imported.policies = operations.iter().map(policy).collect();
    imported.operations = operations;
    imported.named_values = vec![named_value(&key)];
    imported.backends.extend(backend);
    imported
}

/// Imports a Function App that has an OpenAPI document of its own (`apiDefinition.url` of its configuration).
///
/// The API is what the document describes; the files tell the name of the app. The backend is the API's service URL with
/// the host key, and the policies that choose it are on the API and on each operation.
pub fn function_app_with_definition(
    files: &[SourceFile<'_>],
    document: &[u8],
    definition: &Options,
    options: &FunctionAppOptions,
) -> Imported {
    let app = App::read(files, options.budget());
    let app_name = options.app.clone().or_else(|| app.name.clone()).unwrap_or_else(|| "function-app".to_owned());
    let (id, mut findings) = (app_id(&app_name), Findings::default());
    broken(&app, &mut findings);
    let key = format!("{id}-key");
    let mut imported = openapi(document, definition);
    let url = imported.api.properties.service_url.clone();
    let url = url.unwrap_or_else(|| backend_url(&app, &[], &app_name, options));
    findings.warn("named-value-without-value", "", format!("named value `{key}` needs the host key of the app"));
    let statement = format!("        <set-backend-service id=\"apim-generated-policy\" backend-id=\"{id}\" />\n");
    let operations = imported.operations.iter().map(|operation| operation.name.clone());
    let policy =
        |operation| ImportedPolicy { operation, name: "policy", properties: Policy::new(policy_text(&statement, "")) };
    imported.policies = std::iter::once(None).chain(operations).map(policy).collect();
    imported.named_values = vec![named_value(&key)];
    imported.backends = backend(&app, &app_name, &id, &key, url, &mut findings).into_iter().collect();
    imported.add_findings(findings);
    imported
}

/// Reports the files that cannot be read.
fn broken(app: &App, findings: &mut Findings) {
    for (file, error) in &app.broken {
        findings.refuse_at(error.code, error.place, error.message.as_str());
        findings.in_file(Some(file));
    }
}

/// What backend and named value are called after.
fn app_id(name: &str) -> String {
    Some(identifier(name, 80)).filter(|id| !id.is_empty()).unwrap_or_else(|| "function-app".to_owned())
}

fn named_value(key: &str) -> Resource<NamedValue> {
    Resource::new(key, NamedValue::new().display_name(key).secret(true).tags(["key", "function", "auto"]))
}

/// The functions that can be imported; the others are reported.
fn importable<'a>(app: &'a App, findings: &mut Findings) -> Vec<(&'a Function, Trigger)> {
    let mut found: Vec<(&Function, Trigger)> = Vec::new();
    let mut routes: HashMap<String, Route> = HashMap::new();
    for function in &app.functions {
        let trigger = match bindings::trigger(function, app) {
            Ok(trigger) => trigger,
            Err((code, why)) => {
                findings.warn(code, function.place.1.as_str(), why);
                findings.in_file(Some(&function.place.0));
                continue;
            }
        };
        let route = routes.entry(trigger.route.to_lowercase()).or_insert_with(|| Route::new(&function.name));
        if let Some(other) = route.meets(&trigger) {
            let message = format!("function `{}` is left out: function `{other}` has the same route", function.name);
            findings.warn("route-conflict", function.place.1.as_str(), message);
            findings.in_file(Some(&function.place.0));
            continue;
        }
        route.add(&function.name, &trigger);
        found.push((function, trigger));
    }
    found
}

/// The functions that have one route.
struct Route<'a> {
    first: &'a str,
    /// The function that takes every method.
    every: Option<&'a str>,
    by_method: HashMap<String, &'a str>,
}

impl<'a> Route<'a> {
    fn new(first: &'a str) -> Self {
        Self { first, every: None, by_method: HashMap::new() }
    }

    /// The function that takes a method of the trigger already.
    fn meets(&self, trigger: &Trigger) -> Option<&'a str> {
        let by_method = || trigger.methods.iter().find_map(|method| self.by_method.get(method)).copied();
        let is_every = trigger.methods.is_empty() && !self.by_method.is_empty();
        self.every.or_else(by_method).or(is_every.then_some(self.first))
    }

    fn add(&mut self, function: &'a str, trigger: &Trigger) {
        if trigger.methods.is_empty() {
            self.every = Some(function);
        }
        self.by_method.extend(trigger.methods.iter().map(|method| (method.clone(), function)));
    }
}

fn operations(
    functions: &[(&Function, Trigger)],
    options: &FunctionAppOptions,
    findings: &mut Findings,
) -> Vec<Resource<Operation>> {
    let mut taken = Taken::default();
    let mut operations = Vec::new();
    for (function, trigger) in functions {
        let name = &function.name;
        let route = route::read(&trigger.route);
        let mut optional = route.parameters.iter().filter(|parameter| parameter.required == Some(false));
        if let Some(optional) = optional.next().filter(|_| !options.shorter_templates) {
            let message = format!("`{{{}}}` of function `{name}` is optional: a call must have it", optional.name);
            findings.warn("optional-route-parameter", function.place.1.as_str(), message);
            findings.in_file(Some(&function.place.0));
        }
        let named: Vec<_> = match trigger.methods.as_slice() {
            [] if options.every_method => {
                EVERY_METHOD.iter().map(|method| (*method, format!("{method}-{name}"))).collect()
            }
            [] => vec![("POST", name.clone())],
            methods => methods.iter().map(|method| (method.as_str(), format!("{method}-{name}"))).collect(),
        };
        for (method, identity) in named {
            let mut operation = Operation::new(method, route.url_template.clone()).display_name(name);
            operation.template_parameters = route.parameters.clone();
            operations.push(Resource::new(taken.unique(identifier(&identity, 80)), operation));
        }
    }
    if options.shorter_templates {
        shorter(&mut operations, &mut taken);
    }
    operations
}

/// Adds an operation for each end of a URL template that calls may leave out, unless another has that template.
fn shorter(operations: &mut Vec<Resource<Operation>>, taken: &mut Taken) {
    let request = |operation: &Operation| (operation.method.clone(), operation.url_template.to_lowercase());
    let mut known: HashSet<_> = operations.iter().map(|operation| request(&operation.properties)).collect();
    let mut more = Vec::new();
    for operation in operations.iter() {
        let mut shorter = operation.properties.clone();
        while route::shorten(&mut shorter) {
            if known.insert(request(&shorter)) {
                let name = operation.name.clone().unwrap_or_default();
                more.push(Resource::new(taken.unique(name), shorter.clone()));
            }
        }
    }
    operations.extend(more);
}

/// The base of the functions' URLs, with the route prefix.
fn backend_url(app: &App, functions: &[(&Function, Trigger)], name: &str, options: &FunctionAppOptions) -> String {
    let from_listing = functions.iter().find_map(|(function, trigger)| {
        let url = function.invoke_url.as_deref()?.trim_end_matches('/');
        let kept = url.chars().count().checked_sub(trigger.route.chars().count())?;
        Some(url.chars().take(kept).collect::<String>().trim_end_matches('/').to_owned())
    });
    from_listing.unwrap_or_else(|| {
        let host = options.host.clone().unwrap_or_else(|| format!("{name}.azurewebsites.net"));
        let prefix = app.route_prefix.as_deref().unwrap_or("api");
        format!("https://{host}/{prefix}").trim_end_matches('/').to_owned()
    })
}

fn backend(
    app: &App,
    name: &str,
    id: &str,
    key: &str,
    url: String,
    findings: &mut Findings,
) -> Option<Resource<Backend>> {
    let credentials = Credentials::new().header("x-functions-key", format!("{{{{{key}}}}}"));
    let url = literal_url(Some(url), "", findings)?;
    let Ok(backend) = Backend::new(url) else {
        findings.refuse("no-address", "", "the host of the app is no host that can be called: give one");
        return None;
    };
    let mut backend = backend.description(name).credentials(credentials);
    backend.resource_id = app.resource_id.as_ref().map(|id| format!("https://management.azure.com{id}"));
    Some(Resource::new(id, backend))
}
