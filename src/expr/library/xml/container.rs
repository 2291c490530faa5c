//! `XContainer`: elements and documents.

use super::content::insert_all;
use super::node::named;
use super::object::{count_shift, count_walk, name_at, objects, this, value};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Iterate, Object, Value};
use crate::expr::xlinq::{XName, XObject, XObjectClass};

/// `Nodes()` and `Elements([name])`: walks on while nodes are changed.
struct Walk {
    container: XObject,
    element: TypeId,
    name: Option<XName>,
}

impl Object for Walk {
    fn ty(&self) -> Ty {
        Ty::generic(TypeId::IEnumerable, [Ty::Named(self.element)])
    }

    fn iterate(&self, _: &mut Run<'_>) -> Result<Option<Box<dyn Iterate>>, Fault> {
        let mut cursor = self.container.node_cursor();
        let (only_elements, name) = (self.element == TypeId::XElement, self.name.clone());
        Ok(Some(Box::new(move |run: &mut Run<'_>| {
            for node in cursor.by_ref() {
                run.step()?;
                let is_element = node.class() == XObjectClass::Element;
                if (!only_elements || is_element) && (name.is_none() || node.name() == name) {
                    return Ok(Some(Value::object(node)));
                }
            }
            Ok(None)
        })))
    }
}

fn add(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Fault> {
    let container = this(args)?;
    insert_all(run, container, container.node_count(), &args[1])?;
    Ok(Value::Null)
}

fn add_first(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Fault> {
    insert_all(run, this(args)?, 0, &args[1])?;
    Ok(Value::Null)
}

fn replace(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Fault> {
    let container = this(args)?;
    container.remove_nodes();
    insert_all(run, container, 0, &args[1])?;
    Ok(Value::Null)
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::XContainer)
        .def("XNode FirstNode", |_, a| Ok(value(this(a)?.first_node())))
        .def("XNode LastNode", |_, a| Ok(value(this(a)?.last_node())))
        .def("void Add(object content)", |run, a| add(run, a))
        .def("void Add(params object[] content)", |run, a| add(run, a))
        .def("void AddFirst(object content)", |run, a| add_first(run, a))
        .def("void AddFirst(params object[] content)", |run, a| add_first(run, a))
        .def("void RemoveNodes()", |_, a| {
            this(a)?.remove_nodes();
            Ok(Value::Null)
        })
        .def("void ReplaceNodes(object content)", |run, a| replace(run, a))
        .def("void ReplaceNodes(params object[] content)", |run, a| replace(run, a))
        .def("XElement Element(XName name)", |run, a| {
            let container = this(a)?;
            count_shift(run, container, 0)?;
            Ok(value(name_at(a, 1).and_then(|name| container.element_named(name))))
        })
        .def("IEnumerable<XElement> Elements()", |_, a| {
            Ok(Value::object(Walk { container: this(a)?.clone(), element: TypeId::XElement, name: None }))
        })
        .def("IEnumerable<XElement> Elements(XName name)", |_, a| {
            let container = this(a)?.clone();
            Ok(match name_at(a, 1) {
                Some(name) => Value::object(Walk { container, element: TypeId::XElement, name: Some(name.clone()) }),
                None => objects(TypeId::XElement, Vec::new()),
            })
        })
        .def("IEnumerable<XNode> Nodes()", |_, a| {
            Ok(Value::object(Walk { container: this(a)?.clone(), element: TypeId::XNode, name: None }))
        })
        .def("IEnumerable<XElement> Descendants()", |run, a| {
            let found = this(a)?.descendants(None, false);
            run.steps(found.len())?;
            Ok(objects(TypeId::XElement, found))
        })
        .def("IEnumerable<XElement> Descendants(XName name)", |run, a| {
            count_walk(run, this(a)?)?;
            named(a, |container| container.descendants(name_at(a, 1), false))
        })
        .def("IEnumerable<XNode> DescendantNodes()", |run, a| {
            let found = this(a)?.descendant_nodes(false);
            run.steps(found.len())?;
            Ok(objects(TypeId::XNode, found))
        });
}
