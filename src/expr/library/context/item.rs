//! The items of short lists: groups, identities, and the APIs of a product.

use super::url::UrlText;
use super::{open, part, text_member, view};
use crate::expr::code::{Run, View};
use crate::expr::fault::Fault;
use crate::expr::host::{ApiItem, Item, List, Text, Url};
use crate::expr::library::array;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Str, Value};

/// A group, identity or API of a list.
struct ListItem {
    ty: TypeId,
    item: Item,
}

impl Object for ListItem {
    fn ty(&self) -> Ty {
        Ty::Named(self.ty)
    }
}

/// `ISubscriptionKeyParameterNames` of a listed API.
struct KeyNames {
    header: String,
    query: String,
}

impl Object for KeyNames {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::ISubscriptionKeyParameterNames)
    }
}

/// A list of the host's.
pub(super) fn list(run: &mut Run<'_>, member: List, ty: TypeId) -> Value {
    let items = run.host.list(member);
    let items = items.into_iter().map(|item| Value::object(ListItem { ty, item })).collect();
    array::array(Ty::Named(ty), items)
}

fn item(value: &Value) -> Option<&Item> {
    value.downcast::<ListItem>().map(|listed| &listed.item)
}

fn api(value: &Value) -> Option<&ApiItem> {
    item(value)?.api.as_ref()
}

/// A text of the API that serves the request, or of a listed one.
fn api_text(run: &mut Run<'_>, value: &Value, member: Text, of: fn(&Item) -> &str) -> Result<Value, Fault> {
    Ok(match item(value) {
        Some(item) => of(item).into(),
        None => run.host.text(member).map(Str::from).into(),
    })
}

fn key_name(run: &mut Run<'_>, value: &Value, name: &str, of: fn(&KeyNames) -> &str) -> Result<Value, Fault> {
    Ok(match value.downcast::<KeyNames>() {
        Some(names) => of(names).into(),
        None => match view(value).and_then(|view| text_member(view, name)) {
            Some(member) => run.host.text(member).map(Str::from).into(),
            None => Value::Null,
        },
    })
}

/// A part of the API that serves the request.
fn own_part(run: &mut Run<'_>, value: &Value, name: &str) -> Value {
    match view(value).and_then(|view| part(view, name)) {
        Some(found) => open(run, found),
        None => Value::Null,
    }
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::IApi)
        .def("string Id", |run, a| api_text(run, &a[0], Text::ApiId, |item| &item.id))
        .def("string Name", |run, a| api_text(run, &a[0], Text::ApiName, |item| &item.name))
        .def("string Path", |run, a| {
            api_text(run, &a[0], Text::ApiPath, |item| item.api.as_ref().map_or("", |api| &api.path))
        })
        .def("IEnumerable<string> Protocols", |run, a| {
            Ok(match api(&a[0]) {
                Some(api) => array::strings(api.protocols.iter().map(String::as_str)),
                None => array::strings(run.host.list(List::ApiProtocols).into_iter().map(|item| item.id)),
            })
        })
        .def("IUrl ServiceUrl", |run, a| {
            Ok(match api(&a[0]) {
                Some(api) => api.service_url.clone().map_or(Value::Null, |url| Value::object(UrlText(url))),
                None if view(&a[0]) == Some(View::Api) && run.host.text(Text::UrlHost(Url::Service)).is_none() => {
                    Value::Null
                }
                None => own_part(run, &a[0], "ServiceUrl"),
            })
        })
        .def("ISubscriptionKeyParameterNames SubscriptionKeyParameterNames", |run, a| {
            Ok(match api(&a[0]) {
                Some(api) => Value::object(KeyNames {
                    header: api.subscription_key_header.clone(),
                    query: api.subscription_key_query.clone(),
                }),
                None => own_part(run, &a[0], "SubscriptionKeyParameterNames"),
            })
        });
    table
        .on(TypeId::ISubscriptionKeyParameterNames)
        .def("string Header", |run, a| key_name(run, &a[0], "Header", |names| &names.header))
        .def("string Query", |run, a| key_name(run, &a[0], "Query", |names| &names.query));
    table
        .on(TypeId::IGroup)
        .def("string Id", |_, a| Ok(item(&a[0]).map(|item| item.id.clone()).into()))
        .def("string Name", |_, a| Ok(item(&a[0]).map(|item| item.name.clone()).into()));
    table
        .on(TypeId::IUserIdentity)
        .def("string Id", |_, a| Ok(item(&a[0]).map(|item| item.id.clone()).into()))
        .def("string Provider", |_, a| Ok(item(&a[0]).map(|item| item.name.clone()).into()));
}
