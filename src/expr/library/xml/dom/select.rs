//! `SelectNodes` and `SelectSingleNode`: XPath from a node on.

use super::list::NodeList;
use super::namespaces::namespace_of;
use super::node::{object, value};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::library::args::string;
use crate::expr::types::{Table, TypeId};
use crate::expr::value::Value;
use crate::expr::xlinq::{XObject, XPath, XPathFailure};

/// The basic steps of a byte of an XPath that is read.
const READ: usize = 16;

fn select(run: &mut Run<'_>, args: &[Value]) -> Result<Vec<XObject>, Fault> {
    let text = string(&args[1], "xpath")?.text();
    run.steps(text.len() * READ)?;
    let path = XPath::parse(&text, &|prefix| namespace_of(args.get(2), prefix))?;
    let given = usize::try_from(run.steps_left()).unwrap_or(usize::MAX);
    let mut left = given;
    let found = path.select(object(args)?, &mut left);
    match found {
        Ok(found) => {
            run.steps(given - left)?;
            run.charge(found.len() * 2 * size_of::<Value>())?;
            Ok(found)
        }
        Err(XPathFailure::Exception(exception)) => {
            run.steps(given - left)?;
            Err(exception.into())
        }
        Err(XPathFailure::OutOfSteps) => Err(Fault::budget("the expression ran out of its budget of steps")),
    }
}

fn first(run: &mut Run<'_>, args: &mut [Value]) -> Result<Value, Fault> {
    Ok(value(select(run, args)?.into_iter().next()))
}

fn all(run: &mut Run<'_>, args: &mut [Value]) -> Result<Value, Fault> {
    Ok(Value::object(NodeList::Known(select(run, args)?.into_iter().map(value).collect())))
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::XmlNode)
        .def("XmlNode SelectSingleNode(string xpath)", first)
        .def("XmlNode SelectSingleNode(string xpath, XmlNamespaceManager nsmgr)", first)
        .def("XmlNodeList SelectNodes(string xpath)", all)
        .def("XmlNodeList SelectNodes(string xpath, XmlNamespaceManager nsmgr)", all);
}
