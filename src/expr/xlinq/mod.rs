//! LINQ to XML: the tree, its reader and writer.

pub(crate) mod convert;
mod declaration;
mod edit;
mod json;
mod name;
mod object;
mod prefix;
mod reader;
mod tree;
mod writer;
mod xpath;

pub(crate) use declaration::XDeclaration;
pub(crate) use edit::XContent;
pub(crate) use name::{XML, XMLNS, XName, XNamespace, check_name, is_name_part, is_name_start};
pub(crate) use object::{XObject, XObjectClass};
pub(crate) use reader::Root;
pub(crate) use tree::DocumentType;
pub(crate) use writer::Layout;
pub(crate) use xpath::{Failure as XPathFailure, XPath};

#[cfg(test)]
mod tests;
