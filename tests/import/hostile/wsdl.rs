//! WSDL and the files that it imports.

use std::fmt::Write as _;

use gatewright::import::{SoapForm, SourceFile, WsdlOptions, wsdl, wsdl_with_files};

use super::{hurt, refused};

#[test]
fn entities_that_multiply() {
    let mut text = "<!DOCTYPE a [<!ENTITY e0 \"x\">".to_owned();
    for level in 1..30 {
        let _ = write!(text, "<!ENTITY e{level} \"{}\">", format!("&e{};", level - 1).repeat(9));
    }
    text.push_str("]><a>&e29;</a>");
    refused("entities", "doctype", || wsdl(text.as_bytes(), &WsdlOptions::default()));
    let outside = "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>";
    refused("an outer entity", "doctype", || wsdl(outside.as_bytes(), &WsdlOptions::default()));
}

/// A document whose message has a type that is twice in the next one, and so on.
fn wide_wsdl(levels: usize) -> String {
    let mut types = String::new();
    for level in 0..levels {
        let next = format!("t:T{}", level + 1);
        let _ = write!(
            types,
            "<x:complexType name='T{level}'><x:sequence><x:element name='a' type='{next}'/><x:element name='b' type='{next}'/></x:sequence></x:complexType>"
        );
    }
    include_str!("../odd/wsdl/soap12-only.wsdl")
        .replace("<x:element name=\"a\" type=\"x:int\"/>", "<x:element name=\"a\" type=\"t:T0\"/>")
        .replace("</x:schema>", &format!("{types}<x:complexType name='T{levels}'/></x:schema>"))
}

#[test]
fn types_that_double_at_each_level() {
    for form in [SoapForm::PassThrough, SoapForm::Rest] {
        let mut options = WsdlOptions::default();
        options.form = form;
        hurt("types", || wsdl(wide_wsdl(60).as_bytes(), &options));
        hurt("many types", || wsdl(wide_wsdl(20_000).as_bytes(), &options));
    }
}

#[test]
fn files_that_import_each_other() {
    let main = "<w:definitions xmlns:w='http://schemas.xmlsoap.org/wsdl/'><w:import location='a.wsdl'/><w:import location='b.wsdl'/></w:definitions>";
    let other = main.replace("<w:import location='a.wsdl'/>", "<w:import location='main.wsdl'/><w:types><x:schema xmlns:x='http://www.w3.org/2001/XMLSchema'><x:include schemaLocation='c.xsd'/></x:schema></w:types>");
    let schema = "<x:schema xmlns:x='http://www.w3.org/2001/XMLSchema'><x:include schemaLocation='c.xsd'/><x:import schemaLocation='../c.xsd'/></x:schema>";
    let files = [("main.wsdl", main), ("a.wsdl", &other), ("b.wsdl", &other), ("c.xsd", schema)];
    let files = files.map(|(path, text)| SourceFile { path, bytes: text.as_bytes() });
    refused("a ring of files", "no-service", || wsdl_with_files(main.as_bytes(), &files, &WsdlOptions::default()));
}
