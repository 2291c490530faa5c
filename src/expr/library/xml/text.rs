//! `XText`, `XCData`, `XComment` and `XProcessingInstruction`.

use super::object::{this, value};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::library::args::string;
use crate::expr::types::{Table, TypeId};
use crate::expr::value::Value;
use crate::expr::xlinq::XObject;

fn copy(_: &mut Run<'_>, args: &mut [Value]) -> Result<Value, Fault> {
    match args[0].downcast::<XObject>() {
        Some(other) => Ok(value(other.deep_clone())),
        None => Err(Fault::argument_null("other")),
    }
}

fn text(_: &mut Run<'_>, args: &mut [Value]) -> Result<Value, Fault> {
    Ok(this(args)?.value().into())
}

fn set_text(run: &mut Run<'_>, args: &mut [Value]) -> Result<Value, Fault> {
    let text = string(&args[1], "value")?.text();
    run.charge(text.len())?;
    this(args)?.set_value(&text);
    Ok(Value::Null)
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::XText)
        .def("new(string value)", |_, a| Ok(value(XObject::text(&string(&a[0], "value")?.text()))))
        .def("new(XText other)", copy)
        .def_set("string Value", text, set_text);
    table
        .on(TypeId::XCData)
        .def("new(string value)", |_, a| Ok(value(XObject::cdata(&string(&a[0], "value")?.text()))))
        .def("new(XCData other)", copy);
    table
        .on(TypeId::XComment)
        .def("new(string value)", |_, a| Ok(value(XObject::comment(&string(&a[0], "value")?.text()))))
        .def("new(XComment other)", copy)
        .def_set("string Value", text, set_text);
    table
        .on(TypeId::XProcessingInstruction)
        .def("new(string target, string data)", |_, a| {
            let data = string(&a[1], "data")?.text();
            Ok(value(XObject::processing_instruction(&string(&a[0], "target")?.text(), &data)?))
        })
        .def("new(XProcessingInstruction other)", copy)
        .def_set("string Data", text, set_text)
        .def_set(
            "string Target",
            |_, a| Ok(Value::from(this(a)?.target())),
            |_, a| Ok(this(a)?.set_target(&string(&a[1], "value")?.text()).map(|()| Value::Null)?),
        );
}
