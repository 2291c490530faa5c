//! Which messages of `trace` diagnostics ask for.

use crate::model::{Collection, Diagnostic, Verbosity};
use crate::sink::TraceSeverity;

/// The least severity that any diagnostic of an API takes: its own, and those of its service with other names. None without a
/// diagnostic.
pub(super) fn trace_verbosity(service: &Collection<Diagnostic>, own: &Collection<Diagnostic>) -> Option<TraceSeverity> {
    let inherited = service.iter().filter(|(name, _)| !own.contains(name));
    let all = own.iter().chain(inherited).map(|(_, diagnostic)| match diagnostic.verbosity {
        Some(Verbosity::Error) => TraceSeverity::Error,
        Some(Verbosity::Information) => TraceSeverity::Information,
        _ => TraceSeverity::Verbose,
    });
    all.min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diagnostics(all: &[(&str, Option<Verbosity>)]) -> Collection<Diagnostic> {
        let mut found = Collection::new();
        for (name, verbosity) in all {
            let mut diagnostic = Diagnostic::new();
            diagnostic.verbosity = verbosity.clone();
            found.insert(*name, diagnostic);
        }
        found
    }

    #[test]
    fn own_diagnostics_take_the_place_of_those_of_the_service() {
        let (insights, monitor) = ("applicationinsights", "azuremonitor");
        let (error, information) = (Some(Verbosity::Error), Some(Verbosity::Information));
        for (service, own, expected) in [
            (&[][..], &[][..], None),
            (&[(insights, error.clone())], &[], Some(TraceSeverity::Error)),
            (&[(insights, None)], &[("ApplicationInsights", error.clone())], Some(TraceSeverity::Error)),
            (&[(insights, information)], &[(monitor, error)], Some(TraceSeverity::Information)),
            (&[], &[(insights, None)], Some(TraceSeverity::Verbose)),
            (&[], &[(insights, Some("chatty".into()))], Some(TraceSeverity::Verbose)),
        ] {
            assert_eq!(trace_verbosity(&diagnostics(service), &diagnostics(own)), expected, "{service:?} {own:?}");
        }
    }
}
