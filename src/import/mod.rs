//! Importers: API descriptions in, entities out.
//!
//! An importer reads a description and gives plain data: an API, its operations and schemas, and what else they need.
//! It fetches nothing and changes nothing; what it left out or could not take is a [`Finding`].

mod cycles;
mod description;
mod export;
mod finding;
mod function_app;
mod generated;
mod imported;
mod limits;
mod logic_app;
mod names;
mod openapi;
mod reimport;
mod web_app;
mod wsdl;

pub use export::{ExportOptions, Exported, OpenApiDocument, OpenApiVersion, export_openapi};
pub use finding::{Finding, Severity};
pub use function_app::{FunctionAppOptions, SourceFile, function_app, function_app_with_definition};
pub use imported::{Imported, ImportedPolicy};
pub use logic_app::{LogicAppOptions, logic_app};
pub use openapi::{OpenApiFormat, Options, QueryParameters, Strictness, openapi};
pub use reimport::Change;
pub use web_app::{WebAppKind, WebAppOptions, web_app};
#[cfg_attr(not(feature = "policy"), allow(unused_imports))]
pub(crate) use wsdl::markup_text;
pub use wsdl::{Imports, SoapForm, WsdlOptions, wsdl, wsdl_with_files};
