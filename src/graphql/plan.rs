//! Which fields of an object are asked for: selections of one name put together, worked out once for each type.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use apollo_compiler::ast::Type;
use apollo_compiler::collections::IndexMap;
use apollo_compiler::executable::{Field, Selection, SelectionSet};
use apollo_compiler::{Name, Node};

use super::arguments::arguments;
use super::inclusion::is_included;
use super::{Checked, GraphSchema, JsonMap, Resolve};

/// All selections that give one member of an object.
pub(super) struct Group {
    number: usize,
    /// What the answer calls it.
    pub(super) key: Name,
    /// The object type that it is a field of.
    pub(super) object: String,
    pub(super) name: Name,
    pub(super) ty: Type,
    fields: Vec<Node<Field>>,
    pub(super) arguments: Result<JsonMap, String>,
    /// Line and column in the query.
    pub(super) place: Option<(usize, usize)>,
    pub(super) has_resolver: bool,
}

/// The groups of one object type at one place of the query.
pub(super) type Groups = Arc<[Arc<Group>]>;

/// Works out groups, and remembers them.
pub(super) struct Plan {
    schema: Arc<GraphSchema>,
    checked: Arc<Checked>,
    resolvers: Arc<dyn Resolve>,
    known: HashMap<usize, Vec<(String, Groups)>>,
    count: usize,
}

impl Plan {
    pub(super) fn new(schema: Arc<GraphSchema>, checked: Arc<Checked>, resolvers: Arc<dyn Resolve>) -> Self {
        Self { schema, checked, resolvers, known: HashMap::new(), count: 0 }
    }

    /// What the operation asks for.
    pub(super) fn root(&mut self) -> Groups {
        let checked = Arc::clone(&self.checked);
        self.collect(checked.operation.object_type().as_str(), &[&checked.operation.selection_set])
    }

    /// What a group asks of an object of that type.
    pub(super) fn inside(&mut self, group: &Group, object: &str) -> Groups {
        let known = self.known.get(&group.number).and_then(|of| of.iter().find(|(name, _)| name == object));
        if let Some((_, groups)) = known {
            return Arc::clone(groups);
        }
        let sets: Vec<_> = group.fields.iter().map(|field| &field.selection_set).collect();
        let groups = self.collect(object, &sets);
        self.known.entry(group.number).or_default().push((object.to_owned(), Arc::clone(&groups)));
        groups
    }

    fn collect(&mut self, object: &str, sets: &[&SelectionSet]) -> Groups {
        let checked = Arc::clone(&self.checked);
        let mut found = Collected {
            schema: &self.schema,
            checked: &checked,
            object,
            seen: HashSet::new(),
            all: IndexMap::default(),
        };
        sets.iter().for_each(|set| found.set(set));
        let all = found.all;
        all.into_iter().filter_map(|(key, fields)| self.group(object, key, fields)).collect()
    }

    fn group(&mut self, object: &str, key: Name, fields: Vec<Node<Field>>) -> Option<Arc<Group>> {
        let first = fields.first()?.clone();
        // Of an interface's field it is the object's own definition that counts.
        let definition = self.schema.field(object, first.name.as_str()).unwrap_or(&first.definition);
        let place = first.line_column_range(&self.checked.document.sources);
        self.count += 1;
        Some(Arc::new(Group {
            number: self.count,
            key,
            object: object.to_owned(),
            name: first.name.clone(),
            ty: definition.ty.clone(),
            arguments: arguments(&self.schema, definition, &first, &self.checked.variables),
            place: place.map(|place| (place.start.line, place.start.column)),
            has_resolver: self.resolvers.has(object, first.name.as_str()),
            fields,
        }))
    }
}

/// The fields of one object type among selections.
struct Collected<'c> {
    schema: &'c GraphSchema,
    checked: &'c Checked,
    object: &'c str,
    seen: HashSet<Name>,
    all: IndexMap<Name, Vec<Node<Field>>>,
}

impl Collected<'_> {
    fn set(&mut self, set: &SelectionSet) {
        for selection in &set.selections {
            if !is_included(selection.directives(), &self.checked.variables) {
                continue;
            }
            match selection {
                Selection::Field(field) => {
                    self.all.entry(field.response_key().clone()).or_default().push(field.clone());
                }
                Selection::InlineFragment(fragment) => self.fragment(&fragment.selection_set),
                Selection::FragmentSpread(spread) => {
                    if !self.seen.insert(spread.fragment_name.clone()) {
                        continue;
                    }
                    let checked = self.checked;
                    if let Some(fragment) = checked.document.fragments.get(&spread.fragment_name) {
                        self.fragment(&fragment.selection_set);
                    }
                }
            }
        }
    }

    fn fragment(&mut self, set: &SelectionSet) {
        if self.schema.is_a(self.object, set.ty.as_str()) {
            self.set(set);
        }
    }
}
