//! Importers, compared with expected summaries of many documents.

#![cfg(all(feature = "import", feature = "policy"))]

mod documents;
mod example;
mod export;
mod functions;
mod hostile;
mod injection;
mod logic_apps;
mod openapi;
mod reimport;
mod wsdl;
