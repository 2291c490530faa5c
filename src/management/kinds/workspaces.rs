//! `workspaces`.

use super::super::error::Failure;
use super::super::kind::{Change, Entity, Place, Properties, View, default, require};
use crate::model::{Collection, Store, Workspace, WorkspaceProperties};

pub(in crate::management) struct Workspaces;

impl Entity for Workspaces {
    type Entry = Workspace;
    type Properties = WorkspaceProperties;

    const PATH: &'static [&'static str] = &["workspaces"];
    const IN_WORKSPACES: bool = false;

    fn all<'s>(store: &'s Store, _: &Place) -> Option<&'s Collection<Workspace>> {
        Some(&store.workspaces)
    }

    fn all_mut<'s>(store: &'s mut Store, _: &Place) -> Option<&'s mut Collection<Workspace>> {
        Some(&mut store.workspaces)
    }

    fn properties(entry: &Workspace) -> &WorkspaceProperties {
        &entry.properties
    }

    fn entry(properties: WorkspaceProperties, old: Option<Workspace>) -> Workspace {
        Workspace { properties, ..old.unwrap_or_default() }
    }

    fn prepare(
        _: &mut Store,
        properties: &mut Properties,
        _: Option<&Properties>,
        _: &Change<'_>,
    ) -> Result<(), Failure> {
        require(properties, "displayName")
    }

    fn show(properties: &mut Properties, view: &View<'_>) -> Result<(), Failure> {
        default(properties, "displayName", view.at.last());
        Ok(())
    }
}
