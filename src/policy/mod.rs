//! Policy documents, compiled to pipelines and run over exchanges.
