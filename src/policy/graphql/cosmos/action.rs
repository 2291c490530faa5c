//! What `cosmosdb-data-source` asks for: a query, or one item to be read, deleted or written.

use super::super::super::compile::Compiler;
use super::super::super::error::Failure;
use super::super::super::exchange::Exchange;
use super::super::super::statements::cosmosdb_data_source::{ID, TEMPLATE};
use super::super::wording::Wording;
use super::key::KeySetting;
use super::query::QueryAction;
use super::write::{Terms, WriteAction};
use crate::cosmos::CosmosOperation;
use crate::xml::Element;

/// An operation, to be worked out.
pub(super) enum Action {
    Query(Box<QueryAction>),
    Read { id: Wording, key: Option<KeySetting> },
    Delete { id: Wording, key: Option<KeySetting>, terms: Terms },
    Write(Box<WriteAction>),
}

impl Action {
    /// Reads the one element that is there.
    pub(super) fn compile(
        compiler: &mut Compiler<'_>,
        query: Option<&Element>,
        read: Option<&Element>,
        delete: Option<&Element>,
        write: Option<&Element>,
    ) -> Option<Self> {
        if let Some(query) = query {
            return QueryAction::compile(compiler, query).map(|query| Self::Query(Box::new(query)));
        }
        if let Some(write) = write {
            return WriteAction::compile(compiler, write).map(|write| Self::Write(Box::new(write)));
        }
        let element = read.or(delete)?;
        let id = Wording::of_child(compiler, element, &ID, &TEMPLATE);
        if element.elements().all(|child| *child.name != *ID.element) {
            compiler.error(element.span.start, format!("`{}` needs an `id`", element.name));
        }
        let key = KeySetting::compile(compiler, element);
        match delete {
            None => Some(Self::Read { id: id?, key: key.ok()? }),
            Some(delete) => {
                let terms = Terms::compile(compiler, delete)?;
                Some(Self::Delete { id: id?, key: key.ok()?, terms })
            }
        }
    }

    /// Whether one page is asked for.
    pub(super) fn is_paged(&self) -> bool {
        matches!(self, Self::Query(query) if query.paging.is_some())
    }

    /// Works it out for one field.
    pub(super) fn work_out(&self, exchange: &mut Exchange) -> Result<CosmosOperation, Box<Failure>> {
        let key_of = |key: &Option<KeySetting>, exchange: &mut Exchange| {
            key.as_ref().map(|key| key.work_out(exchange)).transpose()
        };
        Ok(match self {
            Self::Query(query) => CosmosOperation::Query(query.work_out(exchange)?),
            Self::Read { id, key } => {
                CosmosOperation::Read { id: id.text(exchange)?, partition_key: key_of(key, exchange)? }
            }
            Self::Delete { id, key, terms } => CosmosOperation::Delete {
                id: id.text(exchange)?,
                partition_key: key_of(key, exchange)?,
                options: terms.work_out(exchange)?,
            },
            Self::Write(write) => CosmosOperation::Write(write.work_out(exchange)?),
        })
    }
}
