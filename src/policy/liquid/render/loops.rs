//! Writes loops: `for` and `tablerow`.

use std::sync::Arc;

use super::super::parse::{For, Offset};
use super::super::value::{Hash, Value};
use super::{Abort, Flow, Renderer};

impl<'t> Renderer<'t> {
    /// The items that a loop goes over.
    fn items(&mut self, found: &'t For) -> Result<Vec<Value>, Abort> {
        let items = found.items.value(self)?.items();
        let number = |value: Value| value.to_whole().and_then(|number| usize::try_from(number).ok());
        let limit = match &found.limit {
            Some(limit) => number(limit.value(self)?),
            None => None,
        };
        let offset = match &found.offset {
            None => 0,
            Some(Offset::Continue) => self.offsets.get(&*found.name).copied().unwrap_or_default(),
            Some(Offset::At(offset)) => number(offset.value(self)?).unwrap_or_default(),
        };
        let chosen = items.iter().skip(offset).take(limit.unwrap_or(usize::MAX));
        self.spend(items.len().saturating_mul(4))?;
        let mut chosen: Vec<Value> = chosen.cloned().collect();
        self.offsets.insert(&found.name, offset + chosen.len());
        if found.is_reversed {
            chosen.reverse();
        }
        Ok(chosen)
    }

    pub(super) fn for_loop(&mut self, found: &'t For) -> Result<Flow, Abort> {
        let items = self.items(found)?;
        if items.is_empty() {
            return self.inner(&found.otherwise);
        }
        let (count, depth) = (items.len(), self.locals.len());
        for (index, item) in items.into_iter().enumerate() {
            self.turn()?;
            self.locals.push((found.variable.clone(), item));
            if self.reads_position {
                self.locals.push(("forloop".into(), position(&found.name, index, count)));
            }
            let flow = self.inner(&found.body);
            self.locals.truncate(depth);
            if flow? == Flow::Break {
                break;
            }
            if found.has_commas && index + 1 < count {
                self.write(",").map_err(Abort::Limit)?;
            }
        }
        Ok(Flow::Next)
    }

    pub(super) fn table_row(&mut self, found: &'t For) -> Result<Flow, Abort> {
        let items = self.items(found)?;
        let columns = match &found.columns {
            Some(columns) => columns.value(self)?.to_whole().and_then(|number| usize::try_from(number).ok()),
            None => None,
        };
        let columns = columns.filter(|columns| *columns > 0).unwrap_or(items.len().max(1));
        let (count, depth) = (items.len(), self.locals.len());
        self.write("<tr class=\"row1\">\n").map_err(Abort::Limit)?;
        for (index, item) in items.into_iter().enumerate() {
            self.turn()?;
            let column = index % columns + 1;
            self.write(&format!("<td class=\"col{column}\">")).map_err(Abort::Limit)?;
            self.locals.push((found.variable.clone(), item));
            if self.reads_position {
                self.locals.push(("tablerowloop".into(), cell(index, count, column, columns)));
            }
            let flow = self.inner(&found.body);
            self.locals.truncate(depth);
            self.write("</td>").map_err(Abort::Limit)?;
            if flow? == Flow::Break {
                break;
            }
            if column == columns && index + 1 < count {
                let row = index / columns + 2;
                self.write(&format!("</tr>\n<tr class=\"row{row}\">")).map_err(Abort::Limit)?;
            }
        }
        self.write("</tr>\n").map_err(Abort::Limit)?;
        Ok(Flow::Next)
    }
}

fn members(index: usize, count: usize) -> Vec<(Arc<str>, Value)> {
    let number = |number: usize| Value::Int(number as i64);
    vec![
        ("length".into(), number(count)),
        ("index".into(), number(index + 1)),
        ("index0".into(), number(index)),
        ("rindex".into(), number(count - index)),
        ("rindex0".into(), number(count - index - 1)),
        ("first".into(), Value::Bool(index == 0)),
        ("last".into(), Value::Bool(index + 1 == count)),
    ]
}

/// `forloop`.
fn position(name: &str, index: usize, count: usize) -> Value {
    let mut members = members(index, count);
    members.push(("name".into(), Value::from(name)));
    Hash::new(members).into()
}

/// `tablerowloop`.
fn cell(index: usize, count: usize, column: usize, columns: usize) -> Value {
    let mut members = members(index, count);
    members.extend([
        ("col".into(), Value::Int(column as i64)),
        ("col0".into(), Value::Int(column as i64 - 1)),
        ("col_first".into(), Value::Bool(column == 1)),
        ("col_last".into(), Value::Bool(column == columns)),
    ]);
    Hash::new(members).into()
}
