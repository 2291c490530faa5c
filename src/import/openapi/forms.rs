//! The fields of a form, from the schema of its body.

use std::collections::{HashMap, HashSet};

use super::Context;
use super::document::Node;
use super::parameters::property;
use crate::model::Parameter;

/// How deep `allOf` is followed.
const DEEPEST: usize = 8;

/// The fields of a form: those of its schema, and of the schemas that it is all of.
pub(super) fn fields<'d>(context: &mut Context<'d>, schema: Node<'d>) -> Vec<Parameter> {
    let mut form = Form::default();
    form.read(context, schema, 0);
    for name in form.required {
        if let Some(field) = form.places.get(name).and_then(|place| form.fields.get_mut(*place)) {
            field.required = Some(true);
        }
    }
    form.fields
}

#[derive(Default)]
struct Form<'d> {
    fields: Vec<Parameter>,
    /// Where fields are by name.
    places: HashMap<&'d str, usize>,
    required: HashSet<&'d str>,
}

impl<'d> Form<'d> {
    fn read(&mut self, context: &mut Context<'d>, schema: Node<'d>, depth: usize) {
        context.room.take(size_of::<Parameter>(), None);
        if depth > DEEPEST || context.room.is_full() {
            return;
        }
        let schema = context.references.resolve(schema);
        for part in schema.get("allOf").items() {
            self.read(context, part, depth + 1);
        }
        for (name, node) in schema.get("properties").members() {
            if context.room.is_full() {
                return;
            }
            let of_field = context.references.resolve(node);
            let field = property(context, name, of_field, node).required(false);
            let place = *self.places.entry(name).or_insert(self.fields.len());
            match self.fields.get_mut(place) {
                Some(earlier) => *earlier = field,
                None => self.fields.push(field),
            }
        }
        for name in schema.get("required").items() {
            context.room.take(size_of::<Node<'_>>(), None);
            if context.room.is_full() {
                return;
            }
            self.required.extend(name.text());
        }
    }
}
