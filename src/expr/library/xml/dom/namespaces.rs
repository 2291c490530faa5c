//! `XmlNamespaceManager` and `NameTable`.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::node::text_at;
use crate::expr::fault::Fault;
use crate::expr::library::args::string;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Value};
use crate::expr::xlinq::{XML, XMLNS};

/// Prefixes and their namespaces.
struct Manager(Mutex<Vec<(String, String)>>);

/// A table of names, which nothing is asked of.
struct Names;

impl Object for Manager {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::XmlNamespaceManager)
    }
}

impl Object for Names {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::NameTable)
    }
}

impl Manager {
    fn lock(&self) -> MutexGuard<'_, Vec<(String, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn namespace(&self, prefix: &str) -> Option<String> {
        match prefix {
            "xml" => Some(XML.to_owned()),
            "xmlns" => Some(XMLNS.to_owned()),
            prefix => self.lock().iter().find(|(known, _)| known == prefix).map(|(_, namespace)| namespace.clone()),
        }
    }
}

/// `XmlDocument.NameTable`
pub(super) fn name_table() -> Value {
    Value::object(Names)
}

/// The namespace of a prefix by a manager; none without one.
pub(super) fn namespace_of(manager: Option<&Value>, prefix: &str) -> Option<String> {
    manager.and_then(Value::downcast::<Manager>).and_then(|manager| manager.namespace(prefix))
}

fn this(args: &[Value]) -> Result<&Manager, Fault> {
    args.first().and_then(Value::downcast::<Manager>).ok_or_else(Fault::null_reference)
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table.on(TypeId::NameTable).def("new()", |_, _| Ok(name_table()));
    table
        .on(TypeId::XmlNamespaceManager)
        .def("new(XmlNameTable nameTable)", |_, a| match &a[0] {
            Value::Null => Err(Fault::null_reference()),
            _ => Ok(Value::object(Manager(Mutex::default()))),
        })
        .def("void AddNamespace(string prefix, string uri)", |run, a| {
            let (prefix, uri) = (string(&a[1], "prefix")?.to_string(), string(&a[2], "uri")?.to_string());
            let manager = this(a)?;
            run.charge(96 + prefix.len() + uri.len())?;
            run.steps(manager.lock().len())?;
            let mut known = manager.lock();
            match known.iter_mut().find(|(known, _)| *known == prefix) {
                Some((_, namespace)) => *namespace = uri,
                None => known.push((prefix, uri)),
            }
            Ok(Value::Null)
        })
        .def("void RemoveNamespace(string prefix, string uri)", |_, a| {
            let (prefix, uri) = (text_at(a, 1), text_at(a, 2));
            this(a)?.lock().retain(|(known, namespace)| *known != prefix || *namespace != uri);
            Ok(Value::Null)
        })
        .def("bool HasNamespace(string prefix)", |_, a| Ok(this(a)?.namespace(&text_at(a, 1)).is_some().into()))
        .def("string LookupNamespace(string prefix)", |_, a| Ok(this(a)?.namespace(&text_at(a, 1)).into()))
        .def("string LookupPrefix(string uri)", |_, a| {
            let (manager, uri) = (this(a)?, text_at(a, 1));
            let found = manager.lock().iter().find(|(_, known)| *known == uri).map(|(prefix, _)| prefix.clone());
            Ok(found.into())
        })
        .def("string DefaultNamespace", |_, a| Ok(this(a)?.namespace("").unwrap_or_default().into()));
}
