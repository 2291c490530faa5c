//! What the verbs need to know of one kind of resource.

use std::marker::PhantomData;

use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::answer::Answer;
use super::error::{Failure, misfit};
use super::query::Query;
use crate::model::{Collection, Entities, KeyVaultStatus, Store};
use crate::random::Random;
use crate::secret::Secret;

/// The members of an entity as JSON.
pub(super) type Properties = Map<String, Value>;

/// Where a resource stands, or a collection of them.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The id of the service as the caller writes it.
    pub service_id: String,
    pub workspace: Option<String>,
    /// The names in the path, from the outside in; that of a resource is the last.
    pub names: Vec<String>,
}

/// What goes with a change.
pub(super) struct Change<'a> {
    pub at: &'a Place,
    pub query: &'a Query,
    /// When it is made: `2024-05-01T10:00:00Z`.
    pub now: &'a str,
    pub random: &'a Random,
    /// The `properties` that were sent.
    pub sent: &'a Properties,
    /// The secret that it names, when there is a provider.
    pub fetched: Option<&'a Fetched>,
}

/// What a provider of secrets said of an identifier.
pub(super) struct Fetched {
    pub identifier: String,
    /// The secret, or why there is none.
    pub outcome: Result<Secret, String>,
    /// The same as entities show it.
    pub status: KeyVaultStatus,
}

impl Fetched {
    /// The same when it cannot be served.
    pub fn refused(&self, failure: &Failure) -> Self {
        let message = format!("it cannot be served: {}", failure.reason());
        let status = self.status.clone().code("RefreshFailed").message(&message);
        Self { identifier: self.identifier.clone(), outcome: Err(message), status }
    }
}

/// One kind of resource.
///
/// Names and properties are read from a store and written to one; [`show`](Self::show) takes out what the contract does not
/// return. What is written is the whole of the properties: a merge has been done before.
pub(super) trait Kind: Sync {
    /// The words of its path, from the outside in: `["apis", "operations"]`.
    fn path(&self) -> &'static [&'static str];

    /// Members that hold resource ids, which are answered in full.
    fn ids(&self) -> &'static [&'static str] {
        &[]
    }

    /// Members that lists can be filtered and ordered by, besides the name.
    fn fields(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether workspaces have such resources.
    fn is_in_workspaces(&self) -> bool {
        true
    }

    /// How its resources are deleted.
    fn deletion(&self) -> Deletion {
        Deletion::default()
    }

    /// Whether the contract takes changes for long-running operations with a URL that says how they go.
    fn is_polled(&self) -> bool {
        false
    }

    /// What `HEAD` answers for a resource that is there.
    fn presence(&self) -> StatusCode {
        StatusCode::OK
    }

    /// The names in a collection; none when what it stands in is not there.
    fn names(&self, store: &Store, at: &Place) -> Option<Vec<String>>;

    /// A resource as it is kept, secrets included.
    fn read(&self, store: &Store, at: &Place) -> Option<Properties>;

    /// Takes out what is not returned, and adds defaults.
    fn show(&self, properties: &mut Properties, view: &View<'_>) -> Result<(), Failure> {
        let _ = (properties, view);
        Ok(())
    }

    /// What is not returned in lists beyond what [`show`](Self::show) takes out.
    fn shorten(&self, properties: &mut Properties) {
        let _ = properties;
    }

    /// Puts a resource into a store.
    fn write(&self, store: &mut Store, properties: Properties, change: &Change<'_>) -> Result<(), Failure>;

    /// Removes a resource that is there, and what cannot be without it.
    fn remove(&self, store: &mut Store, change: &Change<'_>) -> Result<(), Failure>;

    /// Does an action on a resource that is there; none when there is no such action.
    fn act(&self, action: &str, store: &mut Store, change: &Change<'_>) -> Option<Result<Answer, Failure>> {
        let _ = (action, store, change);
        None
    }

    /// Answers a `GET` that is not for the resource itself, such as an export.
    fn special(&self, store: &Store, at: &Place, query: &Query) -> Option<Result<Answer, Failure>> {
        let _ = (store, at, query);
        None
    }

    /// The envelope of a resource; that of ARM unless the contract says otherwise.
    fn wrap(&self, id: String, kind: String, name: &str, properties: Properties) -> Value {
        serde_json::json!({ "id": id, "type": kind, "name": name, "properties": properties })
    }
}

/// How resources of a kind are deleted.
#[derive(Clone, Copy)]
pub(super) struct Deletion {
    /// Whether `If-Match` has to be there.
    pub needs_match: bool,
    pub status: StatusCode,
}

impl Default for Deletion {
    fn default() -> Self {
        Self { needs_match: true, status: StatusCode::OK }
    }
}

impl Deletion {
    /// Where clients take it for a long-running operation, which is over at once.
    pub const DONE: Self = Self { needs_match: true, status: StatusCode::NO_CONTENT };
    /// Links have no ETag.
    pub const LINK: Self = Self { needs_match: false, status: StatusCode::OK };
}

/// What a resource is shown for.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub at: &'a Place,
    pub query: &'a Query,
}

impl Place {
    /// A name of the path, by its place.
    pub fn name(&self, index: usize) -> &str {
        self.names.get(index).map_or("", String::as_str)
    }

    /// The name of the resource.
    pub fn last(&self) -> &str {
        self.names.last().map_or("", String::as_str)
    }

    /// A place in the same service or workspace.
    pub fn with(&self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { names: names.into_iter().map(Into::into).collect(), ..self.clone() }
    }

    /// The same in a collection, with a name in it.
    pub fn join(&self, name: &str) -> Self {
        self.with(self.names.iter().map(String::as_str).chain([name]))
    }

    /// The entities of the service or workspace.
    pub fn entities<'s>(&self, store: &'s Store) -> Option<&'s Entities> {
        store.entities(self.workspace.as_deref())
    }

    /// The entities of the service or workspace, to change them; a workspace is not made here.
    pub fn entities_mut<'s>(&self, store: &'s mut Store) -> Option<&'s mut Entities> {
        match &self.workspace {
            None => Some(&mut store.service),
            Some(name) => store.workspaces.get_mut(name).map(|workspace| &mut workspace.entities),
        }
    }

    /// The id in the service: `/workspaces/w/apis/orders/operations/list`.
    pub fn short_id(&self, path: &[&str]) -> String {
        let mut id = String::new();
        if let Some(workspace) = &self.workspace {
            id = format!("/workspaces/{workspace}");
        }
        for (index, kind) in path.iter().enumerate() {
            id.push('/');
            id.push_str(kind);
            if let Some(name) = self.names.get(index) {
                id.push('/');
                id.push_str(name);
            }
        }
        id
    }

    /// The full id.
    pub fn id(&self, path: &[&str]) -> String {
        format!("{}{}", self.service_id, self.short_id(path))
    }

    /// The resource type: `Microsoft.ApiManagement/service/apis/operations`.
    pub fn kind(&self, path: &[&str]) -> String {
        let workspace = if self.workspace.is_some() { "/workspaces" } else { "" };
        format!("Microsoft.ApiManagement/service{workspace}/{}", path.join("/"))
    }
}

/// A kind whose resources are entities in a collection: most are.
pub(super) trait Entity: 'static {
    /// What the collection holds.
    type Entry: 'static;
    /// What the JSON is.
    type Properties: Serialize + DeserializeOwned;

    const PATH: &'static [&'static str];
    const IDS: &'static [&'static str] = &[];
    const FIELDS: &'static [&'static str] = &["displayName", "description"];
    const IN_WORKSPACES: bool = true;
    const DELETION: Deletion = Deletion { needs_match: true, status: StatusCode::OK };
    const IS_POLLED: bool = false;

    /// The collection; none when what it stands in is not there.
    fn all<'s>(store: &'s Store, at: &Place) -> Option<&'s Collection<Self::Entry>>;

    fn all_mut<'s>(store: &'s mut Store, at: &Place) -> Option<&'s mut Collection<Self::Entry>>;

    fn properties(entry: &Self::Entry) -> &Self::Properties;

    /// An entry with other properties; what else belongs to the old one stays.
    fn entry(properties: Self::Properties, old: Option<Self::Entry>) -> Self::Entry;

    /// Checks and completes what is to be written; `old` is what is there, as it is kept.
    fn prepare(
        store: &mut Store,
        properties: &mut Properties,
        old: Option<&Properties>,
        change: &Change<'_>,
    ) -> Result<(), Failure> {
        let _ = (store, properties, old, change);
        Ok(())
    }

    /// See [`Kind::show`].
    fn show(properties: &mut Properties, view: &View<'_>) -> Result<(), Failure> {
        let _ = (properties, view);
        Ok(())
    }

    /// See [`Kind::shorten`].
    fn shorten(properties: &mut Properties) {
        let _ = properties;
    }

    /// What else goes with an entity that has been removed, or replaced by another one.
    fn replaced(store: &mut Store, old: &Properties, change: &Change<'_>) {
        let _ = (store, old, change);
    }

    /// What else goes when an entity goes.
    fn removed(store: &mut Store, change: &Change<'_>) -> Result<(), Failure> {
        let _ = (store, change);
        Ok(())
    }

    /// See [`Kind::act`].
    fn act(action: &str, store: &mut Store, change: &Change<'_>) -> Option<Result<Answer, Failure>> {
        let _ = (action, store, change);
        None
    }
}

/// The [`Kind`] of an [`Entity`].
pub(super) struct Of<E>(PhantomData<fn() -> E>);

impl<E> Of<E> {
    pub const NEW: Self = Self(PhantomData);
}

impl<E: Entity> Kind for Of<E> {
    fn path(&self) -> &'static [&'static str] {
        E::PATH
    }

    fn ids(&self) -> &'static [&'static str] {
        E::IDS
    }

    fn fields(&self) -> &'static [&'static str] {
        E::FIELDS
    }

    fn is_in_workspaces(&self) -> bool {
        E::IN_WORKSPACES
    }

    fn deletion(&self) -> Deletion {
        E::DELETION
    }

    fn is_polled(&self) -> bool {
        E::IS_POLLED
    }

    fn names(&self, store: &Store, at: &Place) -> Option<Vec<String>> {
        E::all(store, at).map(|all| all.names().map(str::to_owned).collect())
    }

    fn read(&self, store: &Store, at: &Place) -> Option<Properties> {
        E::all(store, at)?.get(at.last()).map(|entry| to_properties(E::properties(entry)))
    }

    fn show(&self, properties: &mut Properties, view: &View<'_>) -> Result<(), Failure> {
        E::show(properties, view)
    }

    fn shorten(&self, properties: &mut Properties) {
        E::shorten(properties);
    }

    fn write(&self, store: &mut Store, mut properties: Properties, change: &Change<'_>) -> Result<(), Failure> {
        let at = change.at;
        if E::all(store, at).is_none() {
            return Err(Failure::not_found("The resource that it belongs to was"));
        }
        let old = self.read(store, at);
        E::prepare(store, &mut properties, old.as_ref(), change)?;
        let entity: E::Properties = from_properties(properties)?;
        let Some(all) = E::all_mut(store, at) else { return Err(Failure::not_found("Resource")) };
        let name = all.get_named(at.last()).map_or(at.last(), |(name, _)| name).to_owned();
        let entry = all.remove(&name);
        all.insert(name, E::entry(entity, entry));
        if let Some(old) = old {
            E::replaced(store, &old, change);
        }
        Ok(())
    }

    fn remove(&self, store: &mut Store, change: &Change<'_>) -> Result<(), Failure> {
        let old = self.read(store, change.at);
        if let Some(all) = E::all_mut(store, change.at) {
            all.remove(change.at.last());
        }
        if let Some(old) = old {
            E::replaced(store, &old, change);
        }
        E::removed(store, change)
    }

    fn act(&self, action: &str, store: &mut Store, change: &Change<'_>) -> Option<Result<Answer, Failure>> {
        E::act(action, store, change)
    }
}

/// An entity as JSON.
pub(super) fn to_properties(entity: &impl Serialize) -> Properties {
    match serde_json::to_value(entity) {
        Ok(Value::Object(members)) => members,
        _ => Properties::new(),
    }
}

/// JSON as an entity; members that are null are left out.
pub(super) fn from_properties<T: DeserializeOwned>(mut properties: Properties) -> Result<T, Failure> {
    properties.retain(|_, value| !value.is_null());
    serde_json::from_value(Value::Object(properties)).map_err(|error| misfit(&error))
}

/// Refuses properties without a text of this name.
pub(super) fn require(properties: &Properties, member: &str) -> Result<(), Failure> {
    match properties.get(member) {
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(()),
        Some(Value::String(_)) => Err(Failure::validation(member, format!("`{member}` is empty"))),
        _ => Err(Failure::validation(member, format!("`{member}` is required"))),
    }
}

/// Puts a default where nothing is.
pub(super) fn default(properties: &mut Properties, member: &str, value: impl Into<Value>) {
    let absent = properties.get(member).is_none_or(Value::is_null);
    if absent {
        properties.insert(member.to_owned(), value.into());
    }
}
