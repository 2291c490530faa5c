//! `XDocument`, `XDeclaration` and `XDocumentType`.

use std::sync::{Mutex, PoisonError};

use super::content::insert_all;
use super::object::{parse, parse_with, save, this, value};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::library::args::{int, string};
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Str, Value};
use crate::expr::xlinq::{DocumentType, Layout, Root, XDeclaration, XObject, XObjectClass};

/// An `XDeclaration` object.
struct Declaration(Mutex<XDeclaration>);

impl Declaration {
    fn get(&self) -> XDeclaration {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Object for Declaration {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::XDeclaration)
    }

    fn to_text(&self, _: &mut Run<'_>) -> Result<Option<Str>, Fault> {
        Ok(Some(self.get().to_string().into()))
    }
}

fn declaration(args: &[Value]) -> Result<&Declaration, Fault> {
    args.first().and_then(Value::downcast::<Declaration>).ok_or_else(Fault::null_reference)
}

fn declaration_value(declaration: Option<XDeclaration>) -> Value {
    declaration.map_or(Value::Null, |declaration| Value::object(Declaration(Mutex::new(declaration))))
}

fn optional(value: &Value) -> Option<String> {
    value.as_text().map(|text| text.text().into_owned())
}

fn set_part(args: &[Value], part: impl FnOnce(&mut XDeclaration) -> &mut Option<String>) -> Result<Value, Fault> {
    let mut declaration = declaration(args)?.0.lock().unwrap_or_else(PoisonError::into_inner);
    *part(&mut declaration) = optional(&args[1]);
    Ok(Value::Null)
}

fn parts(args: &[Value]) -> Result<DocumentType, Fault> {
    this(args)?.document_type_parts().ok_or_else(Fault::null_reference)
}

fn change(args: &[Value], work: impl FnOnce(&mut DocumentType)) -> Result<Value, Fault> {
    let mut parts = parts(args)?;
    work(&mut parts);
    this(args)?.set_document_type(parts);
    Ok(Value::Null)
}

fn xml_name(name: &str) -> Result<(), Fault> {
    Ok(crate::expr::xlinq::check_name(name)?)
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::XDocument)
        .def("new()", |_, _| Ok(value(XObject::document(None))))
        .def("new(params object[] content)", |run, a| {
            let document = XObject::document(None);
            insert_all(run, &document, 0, &a[0])?;
            Ok(value(document))
        })
        .def("new(XDeclaration declaration, params object[] content)", |run, a| {
            let declaration = a[0].downcast::<Declaration>().map(Declaration::get);
            let document = XObject::document(declaration);
            insert_all(run, &document, 0, &a[1])?;
            Ok(value(document))
        })
        .def("new(XDocument other)", |run, a| match a[0].downcast::<XObject>() {
            Some(other) => {
                run.charge(other.subtree_weight())?;
                Ok(value(other.deep_clone()))
            }
            None => Err(Fault::argument_null("other")),
        })
        .def("static XDocument Parse(string text)", |run, a| {
            Ok(value(parse(run, &string(&a[0], "text")?.text(), Root::Document)?))
        })
        .def("static XDocument Parse(string text, LoadOptions options)", |run, a| {
            let keep_space = int(&a[1]) & 1 == 1;
            Ok(value(parse_with(run, &string(&a[0], "text")?.text(), Root::Document, keep_space)?))
        })
        .def("void Save(StringWriter textWriter)", |run, a| save(run, a, Layout::Indented))
        .def("void Save(StringWriter textWriter, SaveOptions options)", |run, a| {
            let layout = if int(&a[2]) & 1 == 1 { Layout::Plain } else { Layout::Indented };
            save(run, a, layout)
        })
        .def_set(
            "XDeclaration Declaration",
            |_, a| Ok(declaration_value(this(a)?.declaration())),
            |_, a| {
                this(a)?.set_declaration(a[1].downcast::<Declaration>().map(Declaration::get));
                Ok(Value::Null)
            },
        )
        .def("XElement Root", |_, a| Ok(value(this(a)?.root_element())))
        .def("XDocumentType DocumentType", |_, a| {
            let nodes = this(a)?.nodes();
            Ok(value(nodes.into_iter().find(|node| node.class() == XObjectClass::DocumentType)))
        });
    table
        .on(TypeId::XDeclaration)
        .def("new(string version, string encoding, string standalone)", |_, a| {
            Ok(declaration_value(Some(XDeclaration {
                version: optional(&a[0]),
                encoding: optional(&a[1]),
                standalone: optional(&a[2]),
            })))
        })
        .def("new(XDeclaration other)", |_, a| Ok(declaration_value(Some(declaration(a)?.get()))))
        .def_set(
            "string Version",
            |_, a| Ok(declaration(a)?.get().version.into()),
            |_, a| set_part(a, |declaration| &mut declaration.version),
        )
        .def_set(
            "string Encoding",
            |_, a| Ok(declaration(a)?.get().encoding.into()),
            |_, a| set_part(a, |declaration| &mut declaration.encoding),
        )
        .def_set(
            "string Standalone",
            |_, a| Ok(declaration(a)?.get().standalone.into()),
            |_, a| set_part(a, |declaration| &mut declaration.standalone),
        );
    table
        .on(TypeId::XDocumentType)
        .def("new(string name, string publicId, string systemId, string internalSubset)", |_, a| {
            Ok(value(XObject::document_type(DocumentType {
                name: string(&a[0], "name")?.text().into_owned(),
                public_id: optional(&a[1]),
                system_id: optional(&a[2]),
                internal_subset: optional(&a[3]),
            })))
        })
        .def("new(XDocumentType other)", |_, a| match a[0].downcast::<XObject>() {
            Some(other) => Ok(value(other.deep_clone())),
            None => Err(Fault::argument_null("other")),
        })
        .def_set(
            "string Name",
            |_, a| Ok(parts(a)?.name.into()),
            |_, a| {
                let name = string(&a[1], "value")?.text().into_owned();
                xml_name(&name)?;
                change(a, |parts| parts.name = name)
            },
        )
        .def_set(
            "string PublicId",
            |_, a| Ok(parts(a)?.public_id.into()),
            |_, a| change(a, |parts| parts.public_id = optional(&a[1])),
        )
        .def_set(
            "string SystemId",
            |_, a| Ok(parts(a)?.system_id.into()),
            |_, a| change(a, |parts| parts.system_id = optional(&a[1])),
        )
        .def_set(
            "string InternalSubset",
            |_, a| Ok(parts(a)?.internal_subset.into()),
            |_, a| change(a, |parts| parts.internal_subset = optional(&a[1])),
        );
}
