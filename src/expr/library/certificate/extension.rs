//! `X509ExtensionCollection`: the extensions of a certificate.

use super::get;
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::library::args::{int, string};
use crate::expr::library::oid::{Encoded, encoded};
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Iterate, Object, Value};

struct Extensions(Vec<Value>);

impl Object for Extensions {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::X509ExtensionCollection)
    }

    fn iterate(&self, _: &mut Run<'_>) -> Result<Option<Box<dyn Iterate>>, Fault> {
        let mut items = self.0.clone().into_iter();
        Ok(Some(Box::new(move |_: &mut Run<'_>| Ok(items.next()))))
    }
}

fn all(value: &Value) -> Result<&[Value], Fault> {
    Ok(&value.downcast::<Extensions>().ok_or_else(Fault::null_reference)?.0)
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table.on(TypeId::X509Certificate2).def("X509ExtensionCollection Extensions", |_, a| {
        let extensions = get(&a[0])?.extensions().into_iter().map(|extension| {
            let (oid, critical, data) = (extension.oid, extension.critical, extension.value);
            Value::object(Encoded { ty: TypeId::X509Extension, oid, critical, data })
        });
        Ok(Value::object(Extensions(extensions.collect())))
    });
    table
        .on(TypeId::X509ExtensionCollection)
        .def("int Count", |_, a| Ok(Value::Int(all(&a[0])?.len() as i32)))
        .def("X509Extension this[int index]", |_, a| {
            let index = usize::try_from(int(&a[1])).ok();
            index.and_then(|index| all(&a[0]).ok()?.get(index).cloned()).ok_or_else(Fault::list_index)
        })
        .def("X509Extension this[string oid]", |_, a| {
            let wanted = string(&a[1], "oid")?.text();
            let found = all(&a[0])?.iter().find(|item| encoded(item).is_ok_and(|item| item.oid == *wanted));
            Ok(found.cloned().unwrap_or(Value::Null))
        });
}
