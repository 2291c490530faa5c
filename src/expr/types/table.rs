//! The table of all types and their members, built once from the list and the files of the library.

mod builder;

use builder::Builder;

use std::sync::LazyLock;

use super::list::{Kind, TypeId};
use super::member::{Delegate, Method, Operator, Property};
use super::name_map::NameMap;
use super::signature::{Reader, Shape, Signature};
use super::ty::Ty;
use crate::expr::library;

#[derive(Debug)]
pub(crate) struct TypeInfo {
    /// Names of the type parameters.
    pub(crate) params: Vec<&'static str>,
    /// `out` is 1, `in` is -1.
    pub(crate) variance: Vec<i8>,
    pub(crate) base: Option<Ty>,
    pub(crate) interfaces: Vec<Ty>,
    /// A bit for each type that this one is, derives from or implements.
    ancestors: Vec<u64>,
    pub(crate) constants: Vec<(&'static str, i64)>,
    pub(crate) is_flags: bool,
    pub(crate) delegate: Option<Delegate>,
    pub(crate) methods: NameMap<&'static str, Vec<Method>>,
    pub(crate) properties: NameMap<&'static str, Property>,
    pub(crate) indexers: Vec<Property>,
    pub(crate) constructors: Vec<Method>,
    pub(crate) operators: NameMap<Operator, Vec<Method>>,
    /// Implicit ones first.
    pub(crate) conversions: Vec<(bool, Method)>,
}

/// All types.
pub(crate) struct Table {
    infos: Vec<TypeInfo>,
    by_name: NameMap<(&'static str, usize), TypeId>,
    pub(crate) extensions: NameMap<&'static str, Vec<(TypeId, usize)>>,
    pub(crate) namespaces: Vec<&'static str>,
    /// Declarations that cannot be understood; a test keeps this empty.
    problems: Vec<String>,
}

/// The table.
pub(crate) fn table() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| {
        let mut table = Table::declare();
        library::register(&mut table);
        table
    });
    &TABLE
}

impl Table {
    fn declare() -> Self {
        let mut table = Self {
            infos: Vec::new(),
            by_name: NameMap::default(),
            extensions: NameMap::default(),
            namespaces: Vec::new(),
            problems: Vec::new(),
        };
        for id in TypeId::ALL {
            let params = type_params(id.decl().name);
            if let Some((name, _)) = nested_name(*id).filter(|_| params.is_empty()) {
                table.by_name.entry((name, params.len())).or_insert(*id);
            } else {
                table.by_name.entry((id.simple_name(), params.len())).or_insert(*id);
            }
            table.by_name.entry((id.full_name(), params.len())).or_insert(*id);
            if let Some((namespace, _)) = id.full_name().rsplit_once('.')
                && nested_name(*id).is_none()
                && !table.namespaces.contains(&namespace)
            {
                table.namespaces.push(namespace);
            }
        }
        for id in TypeId::ALL {
            let info = table.info_of(*id);
            table.infos.push(info);
        }
        for id in TypeId::ALL {
            let mut ancestors = vec![0; TypeId::ALL.len().div_ceil(64)];
            table.note_ancestors(*id, &mut ancestors);
            table.infos[*id as usize].ancestors = ancestors;
        }
        table
    }

    fn note_ancestors(&self, id: TypeId, noted: &mut [u64]) {
        noted[id as usize / 64] |= 1 << (id as usize % 64);
        let info = self.info(id);
        for base in info.base.iter().chain(&info.interfaces).filter_map(Ty::id) {
            self.note_ancestors(base, noted);
        }
    }

    /// Whether a type is another, derives from it or implements it, whatever their type arguments.
    pub(crate) fn has_ancestor(&self, id: TypeId, ancestor: TypeId) -> bool {
        let word = self.info(id).ancestors.get(ancestor as usize / 64);
        word.is_some_and(|word| word >> (ancestor as usize % 64) & 1 == 1)
    }

    fn info_of(&self, id: TypeId) -> TypeInfo {
        let decl = id.decl();
        let written = type_params(decl.name);
        let params: Vec<_> = written.iter().map(|p| p.rsplit(' ').next().unwrap_or(p)).collect();
        let variance =
            written.iter().map(|p| i8::from(p.starts_with("out ")) - i8::from(p.starts_with("in "))).collect();
        let mut info = TypeInfo {
            params: params.clone(),
            variance,
            base: None,
            interfaces: Vec::new(),
            ancestors: Vec::new(),
            constants: Vec::new(),
            is_flags: false,
            delegate: None,
            methods: NameMap::default(),
            properties: NameMap::default(),
            indexers: Vec::new(),
            constructors: Vec::new(),
            operators: NameMap::default(),
            conversions: Vec::new(),
        };
        match decl.kind {
            Kind::Enum => {
                info.base = Some(Ty::Named(TypeId::Enum));
                let text = decl.rest.strip_prefix("flags ");
                info.is_flags = text.is_some();
                info.constants = text.unwrap_or(decl.rest).split(", ").filter_map(constant).collect();
            }
            Kind::Delegate => {
                info.base = Some(Ty::Named(TypeId::Delegate));
                let mut reader = Reader::new(self, decl.rest, params);
                let ty = reader.ty();
                let mut signature = Signature {
                    lenient: false,
                    is_static: false,
                    extension: false,
                    shape: Shape::Constructor,
                    ty: Ty::Void,
                    type_params: 0,
                    params: Vec::new(),
                    constraint: None,
                };
                reader.params(&mut signature, "(", ")");
                info.delegate = Some(Delegate { params: signature.params, ty });
            }
            Kind::Class | Kind::Struct | Kind::Interface => {
                if !decl.rest.is_empty() {
                    let mut reader = Reader::new(self, decl.rest, params);
                    loop {
                        let ty = reader.ty();
                        if ty.is_interface() {
                            info.interfaces.push(ty)
                        } else {
                            info.base = Some(ty)
                        }
                        if !reader.eat(",") {
                            break;
                        }
                    }
                }
                if info.base.is_none() && id != TypeId::Object && decl.kind != Kind::Interface {
                    let base = if decl.kind == Kind::Struct { TypeId::ValueType } else { TypeId::Object };
                    info.base = Some(Ty::Named(base));
                }
            }
        }
        info
    }

    /// The type of a simple or full name with so many type parameters.
    pub(crate) fn find(&self, name: &str, arity: usize) -> Option<TypeId> {
        self.by_name.get(&(name, arity)).copied()
    }

    /// The type of a name that is declared inside another.
    pub(crate) fn nested(&self, outer: TypeId, name: &str) -> Option<TypeId> {
        let inner = TypeId::ALL.iter().copied().find(|id| id.simple_name() == name)?;
        let (_, owner) = nested_name(inner)?;
        (owner == outer).then_some(inner)
    }

    /// Whether a namespace of this name, or one inside it, exists.
    pub(crate) fn is_namespace(&self, name: &str) -> bool {
        self.namespaces
            .iter()
            .any(|n| n.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
    }

    /// Simple names of all types.
    pub(crate) fn type_names(&self) -> impl Iterator<Item = &'static str> + use<> {
        TypeId::ALL.iter().map(|id| id.simple_name())
    }

    pub(crate) fn info(&self, id: TypeId) -> &TypeInfo {
        &self.infos[id as usize]
    }

    /// Starts the declaration of a type's members.
    pub(crate) fn on(&mut self, id: TypeId) -> Builder<'_> {
        Builder { table: self, id }
    }
}

/// `Outer.Inner` and the outer type, of a type that is declared inside another.
fn nested_name(id: TypeId) -> Option<(&'static str, TypeId)> {
    let full = id.full_name();
    let (outer, _) = full.rsplit_once('.')?;
    let owner = TypeId::named(outer)?;
    Some((&full[outer.len() - owner.simple_name().len()..], owner))
}

/// The text between the angle brackets of a declaration's name, cut at commas.
fn type_params(name: &'static str) -> Vec<&'static str> {
    match name.split_once('<') {
        Some((_, inner)) => inner.trim_end_matches('>').split(", ").collect(),
        None => Vec::new(),
    }
}

fn constant(text: &'static str) -> Option<(&'static str, i64)> {
    let (name, value) = text.split_once('=')?;
    Some((name, value.parse().ok()?))
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_declaration_is_understood() {
        let problems = &super::table().problems;
        assert!(problems.is_empty(), "{problems:#?}");
    }
}
