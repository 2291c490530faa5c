//! `JContainer`: objects, arrays, properties and constructors.

use super::content::{insert_all, tokens_of};
use super::token::{this, tokens};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::json::JToken;
use crate::expr::types::{Table, TypeId};
use crate::expr::value::Value;

fn merge(run: &mut Run<'_>, args: &mut [Value]) -> Result<Value, Fault> {
    let container = this(args)?.clone();
    let content = match args[1].downcast::<JToken>() {
        Some(token) => token.clone(),
        None if args[1].is_null() => return Ok(Value::Null),
        None => {
            let items = tokens_of(run, &args[1])?;
            let list = JToken::array();
            items.iter().try_for_each(|item| list.add(item))?;
            list
        }
    };
    run.charge(content.subtree_weight())?;
    Ok(container.merge(&content).map(|()| Value::Null)?)
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::JContainer)
        .def("int Count", |_, a| Ok(Value::Int(this(a)?.count() as i32)))
        .def("void Add(object content)", |run, a| {
            let container = this(a)?.clone();
            insert_all(run, &container, container.count(), &a[1]).map(|()| Value::Null)
        })
        .def("void AddFirst(object content)", |run, a| {
            let container = this(a)?.clone();
            insert_all(run, &container, 0, &a[1]).map(|()| Value::Null)
        })
        .def("void RemoveAll()", |_, a| Ok(this(a)?.remove_all().map(|()| Value::Null)?))
        .def("void ReplaceAll(object content)", |run, a| {
            let container = this(a)?.clone();
            container.remove_all()?;
            insert_all(run, &container, 0, &a[1]).map(|()| Value::Null)
        })
        .def("void Merge(object content)", merge)
        .def("void Merge(object content, JsonMergeSettings settings)", merge)
        .def("IEnumerable<JToken> Descendants()", |run, a| {
            let found = this(a)?.descendants(false);
            run.steps(found.len())?;
            Ok(tokens(TypeId::JToken, found))
        })
        .def("IEnumerable<JToken> DescendantsAndSelf()", |run, a| {
            let found = this(a)?.descendants(true);
            run.steps(found.len())?;
            Ok(tokens(TypeId::JToken, found))
        });
}
