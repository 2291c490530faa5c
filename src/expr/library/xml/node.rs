//! `XNode`: what elements, documents, texts, comments and processing instructions share.

use std::cmp::Ordering;

use super::content::insert_all;
use super::object::{count_shift, count_walk, name_at, objects, this, value, xml_text};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::library::args::int;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Value};
use crate::expr::xlinq::{Layout, XObject, XObjectClass};

fn beside(run: &mut Run<'_>, args: &[Value], after: usize) -> Result<Value, Fault> {
    let (container, at) = this(args)?.place_beside(after)?;
    insert_all(run, &container, at, &args[1])?;
    Ok(Value::Null)
}

fn elements(args: &[Value], nodes: Vec<XObject>) -> Value {
    let name = name_at(args, 1);
    let wanted = |node: &XObject| {
        node.class() == XObjectClass::Element && name.is_none_or(|name| node.name().as_ref() == Some(name))
    };
    objects(TypeId::XElement, nodes.into_iter().filter(wanted).collect())
}

/// Elements of a name; a null name matches nothing.
pub(super) fn named(args: &[Value], find: impl FnOnce(&XObject) -> Vec<XObject>) -> Result<Value, Fault> {
    let object = this(args)?;
    let found = if args.len() > 1 && args[1].is_null() { Vec::new() } else { find(object) };
    Ok(elements(args, found))
}

fn replace(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Fault> {
    let node = this(args)?;
    let (container, at) = node.place_beside(0)?;
    node.remove()?;
    insert_all(run, &container, at, &args[1])?;
    Ok(Value::Null)
}

/// `XNodeDocumentOrderComparer`.
struct DocumentOrder;

impl Object for DocumentOrder {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::XNodeDocumentOrderComparer)
    }
}

fn nodes_at(args: &[Value]) -> (Option<&XObject>, Option<&XObject>) {
    (args[0].downcast::<XObject>(), args[1].downcast::<XObject>())
}

fn order(args: &[Value]) -> Result<Ordering, Fault> {
    match nodes_at(args) {
        (Some(a), Some(b)) => Ok(a.compare_document_order(b)?),
        (None, None) => Ok(Ordering::Equal),
        (None, Some(_)) => Ok(Ordering::Less),
        (Some(_), None) => Ok(Ordering::Greater),
    }
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::XNode)
        .def("XNode NextNode", |_, a| Ok(value(this(a)?.next())))
        .def("XNode PreviousNode", |_, a| Ok(value(this(a)?.previous())))
        .def("void AddAfterSelf(object content)", |run, a| beside(run, a, 1))
        .def("void AddAfterSelf(params object[] content)", |run, a| beside(run, a, 1))
        .def("void AddBeforeSelf(object content)", |run, a| beside(run, a, 0))
        .def("void AddBeforeSelf(params object[] content)", |run, a| beside(run, a, 0))
        .def("IEnumerable<XElement> Ancestors()", |_, a| named(a, |node| node.ancestors(None, false)))
        .def("IEnumerable<XElement> Ancestors(XName name)", |_, a| named(a, |node| node.ancestors(None, false)))
        .def("IEnumerable<XElement> ElementsAfterSelf()", |_, a| named(a, XObject::nodes_after))
        .def("IEnumerable<XElement> ElementsAfterSelf(XName name)", |_, a| named(a, XObject::nodes_after))
        .def("IEnumerable<XElement> ElementsBeforeSelf()", |_, a| named(a, XObject::nodes_before))
        .def("IEnumerable<XElement> ElementsBeforeSelf(XName name)", |_, a| named(a, XObject::nodes_before))
        .def("IEnumerable<XNode> NodesAfterSelf()", |_, a| Ok(objects(TypeId::XNode, this(a)?.nodes_after())))
        .def("IEnumerable<XNode> NodesBeforeSelf()", |_, a| Ok(objects(TypeId::XNode, this(a)?.nodes_before())))
        .def("void Remove()", |run, a| {
            let node = this(a)?;
            if let Some(container) = node.container() {
                count_shift(run, &container, 0)?;
            }
            Ok(node.remove().map(|()| Value::Null)?)
        })
        .def("void ReplaceWith(object content)", |run, a| replace(run, a))
        .def("void ReplaceWith(params object[] content)", |run, a| replace(run, a))
        .def("bool IsAfter(XNode node)", |_, a| Ok(order(a)?.is_gt().into()))
        .def("bool IsBefore(XNode node)", |_, a| Ok(order(a)?.is_lt().into()))
        .def("static int CompareDocumentOrder(XNode n1, XNode n2)", |_, a| Ok(Value::Int(order(a)? as i32)))
        .def("static XNodeDocumentOrderComparer DocumentOrderComparer", |_, _| Ok(Value::object(DocumentOrder)))
        .def("static bool DeepEquals(XNode n1, XNode n2)", |run, a| {
            Ok(match nodes_at(a) {
                (Some(a), Some(b)) => {
                    count_walk(run, a)?;
                    a.deep_equals(b)
                }
                (None, None) => true,
                _ => false,
            }
            .into())
        })
        .def("string ToString(SaveOptions options)", |run, a| {
            let layout = if int(&a[1]) & 1 == 1 { Layout::Plain } else { Layout::Indented };
            Ok(Value::Str(xml_text(run, this(a)?, layout)?))
        });
    table
        .on(TypeId::XNodeDocumentOrderComparer)
        .def("new()", |_, _| Ok(Value::object(DocumentOrder)))
        .def("int Compare(XNode x, XNode y)", |_, a| Ok(Value::Int(order(&a[1..])? as i32)));
}
