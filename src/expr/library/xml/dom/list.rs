//! `XmlNodeList`.

use super::node::{Node, value};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::library::args::int;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Iterate, Object, Value};

/// A list of nodes: those that were found, or those that a node has now.
pub(super) enum NodeList {
    Known(Vec<Value>),
    Children(Node),
}

impl Object for NodeList {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::XmlNodeList)
    }

    fn iterate(&self, run: &mut Run<'_>) -> Result<Option<Box<dyn Iterate>>, Fault> {
        let all = match self {
            Self::Known(nodes) => {
                run.charge(nodes.len() * size_of::<Value>())?;
                nodes.clone()
            }
            Self::Children(node) => node.children(run)?,
        };
        let mut all = all.into_iter();
        Ok(Some(Box::new(move |_: &mut Run<'_>| Ok(all.next()))))
    }
}

impl NodeList {
    fn len(&self) -> usize {
        match self {
            Self::Known(nodes) => nodes.len(),
            Self::Children(Node::Tree(node)) => node.node_count() + usize::from(node.declaration().is_some()),
            Self::Children(Node::Declaration(..)) => 0,
        }
    }

    fn get(&self, index: usize) -> Value {
        match self {
            Self::Known(nodes) => nodes.get(index).cloned().unwrap_or(Value::Null),
            Self::Children(Node::Declaration(..)) => Value::Null,
            Self::Children(Node::Tree(node)) => match node.declaration() {
                Some(parts) if index == 0 => Value::object(Node::Declaration(node.clone(), parts)),
                Some(_) => value(node.node_at(index - 1)),
                None => value(node.node_at(index)),
            },
        }
    }
}

fn this(args: &[Value]) -> Result<&NodeList, Fault> {
    args.first().and_then(Value::downcast::<NodeList>).ok_or_else(Fault::null_reference)
}

fn item(args: &[Value]) -> Result<Value, Fault> {
    Ok(usize::try_from(int(&args[1])).map_or(Value::Null, |index| this(args).map_or(Value::Null, |all| all.get(index))))
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::XmlNodeList)
        .def("int Count", |_, a| Ok(Value::Int(this(a)?.len() as i32)))
        .def("XmlNode Item(int index)", |_, a| item(a))
        .def("XmlNode this[int i]", |_, a| item(a));
}
