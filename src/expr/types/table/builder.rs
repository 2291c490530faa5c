//! Members are declared as C# writes them: the text of a declaration and what it does.

use super::Table;
use crate::expr::types::list::{Access, TypeId};
use crate::expr::types::member::{Method, Native, Property};
use crate::expr::types::signature::{Reader, Shape};
use crate::expr::value::Value;

/// Adds members to a type.
pub(crate) struct Builder<'a> {
    pub(super) table: &'a mut Table,
    pub(super) id: TypeId,
}

impl Builder<'_> {
    /// Declares a member: a method, property, indexer, constructor, operator or conversion, as its text says.
    pub(crate) fn def(&mut self, text: &'static str, native: Native) -> &mut Self {
        self.add(text, native, None, None, false)
    }

    /// Declares a method whose value depends on its arguments alone, so that it is folded when they are constants.
    pub(crate) fn pure(&mut self, text: &'static str, native: Native) -> &mut Self {
        self.add(text, native, None, None, true)
    }

    /// Declares a property or indexer that can be assigned; the new value is the last of the slice.
    pub(crate) fn def_set(&mut self, text: &'static str, get: Native, set: Native) -> &mut Self {
        self.add(text, get, Some(set), None, false)
    }

    /// Declares a constant (`static` is implied).
    pub(crate) fn constant(&mut self, text: &'static str, value: impl Into<Value>) -> &mut Self {
        self.add(text, |_, _| Ok(Value::Null), None, Some(value.into()), true)
    }

    fn add(
        &mut self,
        text: &'static str,
        native: Native,
        set: Option<Native>,
        constant: Option<Value>,
        pure: bool,
    ) -> &mut Self {
        let id = self.id;
        let owner_params = self.table.info(id).params.clone();
        let (signature, problems) = Reader::new(self.table, text, owner_params.clone()).member();
        self.table.problems.extend(problems);
        let access = if signature.lenient { Access::Lenient } else { id.decl().access };
        let method = |name| Method {
            name,
            owner: id,
            is_static: signature.is_static || matches!(signature.shape, Shape::Implicit | Shape::Explicit),
            extension: signature.extension,
            access,
            type_params: signature.type_params,
            constraint: signature.constraint.clone(),
            params: signature.params.clone(),
            ty: signature.ty.clone(),
            native,
            pure,
        };
        let property = |name| Property {
            name,
            owner: id,
            is_static: signature.is_static || constant.is_some(),
            access,
            params: signature.params.clone(),
            ty: signature.ty.clone(),
            get: native,
            set,
            constant: constant.clone(),
        };
        let info = &mut self.table.infos[id as usize];
        match signature.shape {
            Shape::Method(name) => {
                let methods = info.methods.entry(name).or_default();
                let same = |m: &Method| {
                    m.type_params == signature.type_params
                        && m.params.iter().map(|p| &p.ty).eq(signature.params.iter().map(|p| &p.ty))
                };
                if methods.iter().any(same) {
                    self.table.problems.push(format!("`{text}` of {} is declared twice", id.full_name()));
                    return self;
                }
                methods.push(method(name));
                if signature.extension {
                    let index = methods.len() - 1;
                    self.table.extensions.entry(name).or_default().push((id, index));
                }
            }
            Shape::Property(name) => {
                info.properties.insert(name, property(name));
            }
            Shape::Indexer => info.indexers.push(property("this[]")),
            Shape::Constructor => info.constructors.push(Method { is_static: true, ..method(".ctor") }),
            Shape::Operator(operator) => info.operators.entry(operator).or_default().push(method("operator")),
            Shape::Implicit => info.conversions.insert(0, (true, Method { is_static: true, ..method("op_Implicit") })),
            Shape::Explicit => info.conversions.push((false, Method { is_static: true, ..method("op_Explicit") })),
        }
        self
    }
}
