//! The verbs, once for all kinds of resources.

use std::hash::{BuildHasher, RandomState};

use http::header::{IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};

use super::answer::Answer;
use super::error::Failure;
use super::kind::{Change, Fetched, Kind, Place, Properties, View};
use super::query::Query;
use super::references::{self, Reference};
use super::{backend_state, kinds, page, polling};
use crate::gateway::Wanted;
use crate::model::{ResourceId, Store};
use crate::random::Random;

/// What a path means.
pub(super) enum Meant {
    /// The service itself.
    Service,
    Resource(&'static dyn Kind),
    Collection(&'static dyn Kind),
    /// A resource, and what is to be done with it.
    Action(&'static dyn Kind, String),
    /// How a change of a resource goes.
    Operation(&'static dyn Kind),
    /// What the breakers and pools of a backend do now.
    BackendState,
}

/// A call whose path is known.
pub(super) struct Call {
    pub method: Method,
    pub at: Place,
    pub meant: Meant,
    pub query: Query,
    pub headers: HeaderMap,
    /// Where callers reach us: `https://management.contoso.com`.
    pub base: String,
    /// The URL without query.
    pub url: String,
}

/// What calls need beside the store.
pub(super) struct Means {
    /// ETags are hashes under keys of this process, so that nobody finds a secret by its ETag.
    pub hasher: RandomState,
    pub random: Random,
    /// `2024-05-01T10:00:00Z`.
    pub now: String,
    /// The secret that the change names.
    pub fetched: Option<Fetched>,
}

/// What the segments of a path mean; none when they mean nothing.
pub(super) fn meaning(segments: &[String], is_post: bool, in_workspace: bool) -> Option<(Meant, Vec<String>)> {
    if segments.is_empty() {
        return Some((Meant::Service, Vec::new()));
    }
    let names: Vec<String> = segments.iter().skip(1).step_by(2).cloned().collect();
    let (segments, action) = match segments.split_last() {
        Some((action, rest)) if is_post && segments.len() % 2 == 1 => (rest, Some(action.clone())),
        _ => (segments, None),
    };
    let words: Vec<&String> = segments.iter().step_by(2).collect();
    let are = |words: &[&String], others: &[&str]| {
        others.len() == words.len() && others.iter().zip(words).all(|(one, other)| one.eq_ignore_ascii_case(other))
    };
    if !is_post && segments.len() == 3 && are(&words, &backend_state::PATH) {
        return Some((Meant::BackendState, names));
    }
    let (words, is_operation) = match words.split_last() {
        Some((word, words)) if segments.len() % 2 == 0 && word.eq_ignore_ascii_case(polling::WORD) => (words, true),
        _ => (&*words, false),
    };
    let is_it = |kind: &&dyn Kind| are(words, kind.path()) && (!is_operation || kind.is_polled());
    let kind = kinds::ALL.iter().copied().find(is_it).filter(|kind| !in_workspace || kind.is_in_workspaces())?;
    let meant = match action {
        Some(action) => Meant::Action(kind, action),
        None if is_operation => Meant::Operation(kind),
        None if segments.len() % 2 == 1 => Meant::Collection(kind),
        None => Meant::Resource(kind),
    };
    Some((meant, names))
}

/// Answers a call that changes nothing.
pub(super) fn read(call: &Call, store: &Store, means: &Means) -> Result<Answer, Failure> {
    let Call { at, query, .. } = call;
    match &call.meant {
        Meant::Service => Ok(service(store, at, means)),
        Meant::Collection(kind) if call.method == Method::GET => page::list(*kind, store, at, query, &call.url),
        Meant::Resource(kind) => {
            if let Some(special) = kind.special(store, at, query).filter(|_| call.method == Method::GET) {
                return special;
            }
            let properties = kind.read(store, at).ok_or_else(|| Failure::not_found("Resource"))?;
            let etag = etag(&properties, means);
            if call.headers.get_all(IF_NONE_MATCH).iter().any(|given| given.as_bytes() == etag.as_bytes()) {
                return Ok(Answer::new(StatusCode::NOT_MODIFIED).etag(etag));
            }
            if call.method == Method::HEAD {
                return Ok(Answer::new(kind.presence()).etag(etag));
            }
            Ok(Answer::new(StatusCode::OK).json(shown(*kind, at, query, properties)?).etag(etag))
        }
        Meant::Operation(kind) => polling::read(*kind, at, store),
        Meant::Collection(_) | Meant::Action(..) | Meant::BackendState => Err(Failure::method_not_allowed()),
    }
}

/// Does a change to `store`, which is a copy, and answers it.
pub(super) fn change(call: &Call, body: &[u8], store: &mut Store, means: &Means) -> Result<Answer, Failure> {
    let Call { at, query, headers, .. } = call;
    if at.workspace.as_ref().is_some_and(|name| !store.workspaces.contains(name)) {
        return Err(Failure::not_found("Workspace"));
    }
    let sent = properties_of(body)?;
    let change =
        Change { at, query, now: &means.now, random: &means.random, sent: &sent, fetched: means.fetched.as_ref() };
    match (&call.meant, call.method.as_str()) {
        (Meant::Action(kind, action), "POST") => {
            if kind.read(store, at).is_none() {
                return Err(Failure::not_found("Resource"));
            }
            let done = kind.act(action, store, &change);
            let answer = done.unwrap_or_else(|| Err(Failure::not_found(&format!("The action `{action}` was"))))?;
            // What is told of a resource has its ETag.
            let told = kind.read(store, at).filter(|_| answer.status == StatusCode::OK);
            let answer = match told {
                Some(properties) => answer.etag(etag(&properties, means)),
                None => answer,
            };
            Ok(match kind.is_polled() && call.is_refresh() {
                true => polling::announce(answer, call, &means.random),
                false => answer,
            })
        }
        (Meant::Resource(kind), "PUT") => {
            check_name(at.last())?;
            let old = kind.read(store, at);
            let tag = old.as_ref().map(|old| etag(old, means));
            let any_none = headers.get_all(IF_NONE_MATCH).iter().any(|given| given.as_bytes() == b"*");
            if any_none && old.is_some() {
                return Err(Failure::precondition("The resource already exists, and If-None-Match is `*`."));
            }
            check_match(headers, tag.as_deref())?;
            kind.write(store, sent.clone(), &change)?;
            let status = if old.is_some() { StatusCode::OK } else { StatusCode::CREATED };
            written(*kind, call, store, means, status)
        }
        (Meant::Resource(kind), "PATCH") => {
            let Some(mut properties) = kind.read(store, at) else { return Err(Failure::not_found("Resource")) };
            need_match(headers)?;
            check_match(headers, Some(&etag(&properties, means)))?;
            merge(&mut properties, sent.clone());
            kind.write(store, properties, &change)?;
            written(*kind, call, store, means, StatusCode::OK)
        }
        (Meant::Resource(kind), "DELETE") => {
            let Some(properties) = kind.read(store, at) else { return Ok(Answer::new(StatusCode::NO_CONTENT)) };
            if kind.deletion().needs_match {
                need_match(headers)?;
            }
            check_match(headers, Some(&etag(&properties, means)))?;
            kind.remove(store, &change)?;
            Ok(Answer::new(kind.deletion().status))
        }
        _ => Err(Failure::method_not_allowed()),
    }
}

/// The secret in a Key Vault that a change needs.
pub(super) fn wanted_secret(call: &Call, body: &[u8], store: &Store) -> Option<Wanted> {
    let (kind, is_refresh) = match &call.meant {
        Meant::Resource(kind) => (kind, false),
        Meant::Action(kind, action) => (kind, action.eq_ignore_ascii_case("refreshSecret")),
        _ => return None,
    };
    if !kind.fields().contains(&"keyVault") {
        return None;
    }
    let properties = match (is_refresh, call.method.as_str()) {
        (true, _) => kind.read(store, &call.at)?,
        (false, "PUT" | "PATCH") => properties_of(body).ok()?,
        _ => return None,
    };
    kinds::vault::wanted(&properties)
}

/// Refuses a change that leaves entities which name something that is not there.
pub(super) fn check_references(call: &Call, before: &Store, after: &Store) -> Result<(), Failure> {
    let broken = references::broken(before, after);
    if broken.is_empty() {
        return Ok(());
    }
    let is_deletion = call.method == Method::DELETE;
    let failure = Failure::new(
        StatusCode::BAD_REQUEST,
        "ValidationError",
        match is_deletion {
            true => "The resource is in use, and cannot be deleted:",
            false => "One or more fields contain incorrect values:",
        },
    );
    let told = |failure: Failure, reference: &Reference| {
        let (owner, member, target) = (&reference.owner, reference.member, reference.target());
        match is_deletion {
            true => failure.with(owner.clone(), format!("`{owner}` uses it in `{member}`")),
            false => failure.with(member, format!("`{member}` of `{owner}` names `{target}`, which is not defined")),
        }
    };
    Err(broken.iter().fold(failure, told))
}

/// The envelope of a resource.
pub(super) fn wrap(kind: &dyn Kind, at: &Place, properties: Properties) -> Value {
    kind.wrap(at.id(kind.path()), at.kind(kind.path()), at.last(), properties)
}

fn written(kind: &dyn Kind, call: &Call, store: &Store, means: &Means, status: StatusCode) -> Result<Answer, Failure> {
    let Call { at, query, .. } = call;
    let properties = kind.read(store, at).ok_or_else(|| Failure::not_found("Resource"))?;
    let etag = etag(&properties, means);
    let answer = Answer::new(status).json(shown(kind, at, query, properties)?).etag(etag);
    Ok(if kind.is_polled() { polling::announce(answer, call, &means.random) } else { answer })
}

pub(super) fn shown(kind: &dyn Kind, at: &Place, query: &Query, mut properties: Properties) -> Result<Value, Failure> {
    present(kind, at, query, &mut properties)?;
    Ok(wrap(kind, at, properties))
}

/// Makes what is kept what is returned.
pub(super) fn present(kind: &dyn Kind, at: &Place, query: &Query, properties: &mut Properties) -> Result<(), Failure> {
    kind.show(properties, &View { at, query })?;
    for member in kind.ids() {
        if let Some(Value::String(id)) = properties.get_mut(*member) {
            *id = full_id(id, at);
        }
    }
    Ok(())
}

/// An id with its service: clients compare them.
pub(super) fn full_id(id: &str, at: &Place) -> String {
    let Ok(parsed) = ResourceId::parse(id) else { return id.to_owned() };
    if parsed.is_full() {
        return id.to_owned();
    }
    let workspace = match (&at.workspace, parsed.workspace()) {
        // Users are those of the service.
        (Some(name), None) if !parsed.kind().eq_ignore_ascii_case("users") => format!("/workspaces/{name}"),
        _ => String::new(),
    };
    format!("{}{workspace}/{}", at.service_id, parsed.as_str().trim_matches('/')).trim_end_matches('/').to_owned()
}

fn service(store: &Store, at: &Place, means: &Means) -> Answer {
    let name = at.service_id.rsplit('/').next().unwrap_or_default();
    let hosts: Vec<Value> = store.host_names.iter().map(|host| json!({ "type": "Proxy", "hostName": host })).collect();
    let gateway = store.host_names.first().cloned().unwrap_or_else(|| format!("{name}.azure-api.net"));
    let properties = json!({
        "provisioningState": "Succeeded", "targetProvisioningState": "", "publisherEmail": "", "publisherName": "",
        "gatewayUrl": format!("https://{gateway}"), "hostnameConfigurations": hosts,
    });
    let tag = means.hasher.hash_one(properties.to_string());
    let tag = format!("\"{tag:016x}\"");
    let body = json!({
        "id": at.service_id, "name": name, "type": "Microsoft.ApiManagement/service",
        "location": store.location.as_deref().unwrap_or_default(), "tags": {},
        "sku": { "name": "Developer", "capacity": 1 }, "etag": tag, "properties": properties,
    });
    Answer::new(StatusCode::OK).json(body).etag(tag)
}

fn etag(properties: &Properties, means: &Means) -> String {
    let text = serde_json::to_string(properties).unwrap_or_default();
    format!("\"{:016x}\"", means.hasher.hash_one(text))
}

fn need_match(headers: &HeaderMap) -> Result<(), Failure> {
    if headers.contains_key(IF_MATCH) {
        return Ok(());
    }
    let message = "The If-Match header is required: expected the ETag of the resource, or `*`.";
    Err(Failure::new(StatusCode::PRECONDITION_REQUIRED, "PreconditionRequired", message))
}

/// `*` also lets a resource be made, as the service does.
fn check_match(headers: &HeaderMap, etag: Option<&str>) -> Result<(), Failure> {
    let Some(given) = headers.get(IF_MATCH).and_then(|value| value.to_str().ok()) else { return Ok(()) };
    let mut tags = given.split(',').map(str::trim);
    let fits = given.trim().is_empty()
        || tags.any(|tag| {
            tag == "*"
                || etag.is_some_and(|etag| tag.trim_start_matches("W/").trim_matches('"') == etag.trim_matches('"'))
        });
    if fits {
        return Ok(());
    }
    Err(Failure::precondition(match etag {
        Some(_) => "The If-Match header is not the ETag of the resource: it has been changed meanwhile.",
        None => "The If-Match header names an ETag, and the resource does not exist.",
    }))
}

fn check_name(name: &str) -> Result<(), Failure> {
    let is_odd = |c: char| "*#&+:<>?/".contains(c) || c.is_control();
    if name.is_empty() || name.chars().count() > 256 || name.contains(is_odd) || name.trim() != name {
        let message = "the name has to have 1 to 256 characters, and none of `*#&+:<>?/`";
        return Err(Failure::validation("name", message));
    }
    Ok(())
}

/// The `properties` of a body, of which links have none.
fn properties_of(body: &[u8]) -> Result<Properties, Failure> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if body.trim_ascii().is_empty() {
        return Ok(Properties::new());
    }
    let wrong = |message: String| Failure::new(StatusCode::BAD_REQUEST, "InvalidRequestContent", message);
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| wrong(format!("the body is not JSON: line {}, column {}", error.line(), error.column())))?;
    match value {
        Value::Object(mut members) => match members.remove("properties") {
            None | Some(Value::Null) => Ok(Properties::new()),
            Some(Value::Object(properties)) => Ok(properties),
            Some(_) => Err(wrong("`properties` is not an object".to_owned())),
        },
        _ => Err(wrong("the body is not an object".to_owned())),
    }
}

/// JSON merge patch (RFC 7396): null removes.
fn merge(target: &mut Properties, patch: Properties) {
    for (name, value) in patch {
        match (target.get_mut(&name), value) {
            (_, Value::Null) => {
                target.remove(&name);
            }
            (Some(Value::Object(inner)), Value::Object(patch)) => merge(inner, patch),
            (_, value) => {
                target.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> Properties {
        match value {
            Value::Object(members) => members,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn a_patch_merges() {
        let mut target = object(json!({ "a": { "b": 1, "c": 2 }, "d": [1], "e": "x" }));
        merge(&mut target, object(json!({ "a": { "b": 3, "c": null }, "d": [2], "e": null, "f": {"g": 1} })));
        assert_eq!(Value::Object(target), json!({ "a": { "b": 3 }, "d": [2], "f": { "g": 1 } }));
    }

    #[test]
    fn preconditions() {
        let check = |given: &str, etag: Option<&str>| {
            let headers = HeaderMap::from_iter([(IF_MATCH, http::HeaderValue::from_str(given).unwrap())]);
            check_match(&headers, etag).is_ok()
        };
        assert!(check("*", Some("\"a\"")) && check("*", None) && check("\"a\"", Some("\"a\"")));
        assert!(check("\"b\", \"a\"", Some("\"a\"")) && check("W/\"a\"", Some("\"a\"")) && check("a", Some("\"a\"")));
        assert!(!check("\"b\"", Some("\"a\"")) && !check("\"a\"", None));
    }

    #[test]
    fn bodies() {
        for body in ["[]", "{", "1", r#"{"properties": 1}"#, "\u{1}"] {
            assert!(properties_of(body.as_bytes()).is_err(), "{body}");
        }
        for (body, members) in [("", 0), ("  ", 0), ("{}", 0), ("\u{feff}{\"properties\": {\"a\": 1}}", 1)] {
            assert_eq!(properties_of(body.as_bytes()).unwrap().len(), members, "{body}");
        }
    }

    #[test]
    fn ids_are_made_full() {
        let at = Place { service_id: "/S".into(), workspace: None, names: Vec::new() };
        let inside = Place { workspace: Some("w".into()), ..at.clone() };
        assert_eq!(full_id("/products/a", &at), "/S/products/a");
        assert_eq!(full_id("products/a", &inside), "/S/workspaces/w/products/a");
        assert_eq!(full_id("/", &at), "/S");
        let full = "/subscriptions/1/resourceGroups/g/providers/Microsoft.ApiManagement/service/x/apis/y";
        assert_eq!(full_id(full, &at), full);
    }
}
