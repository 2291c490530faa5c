//! What `validate-graphql-request` says of the subscriptions of a connection, found out when it is opened.

use std::convert::Infallible;
use std::sync::Arc;

use crate::graphql::{
    Checked, GraphError, GraphRequest, GraphSchema, Hidden, Limits, Pruned, RulePath, Rules, Verdict, check, prune,
};

/// One use of the policy, worked out.
#[derive(Debug)]
pub(crate) struct Guard {
    /// In bytes.
    pub(crate) max_size: usize,
    pub(crate) limits: Limits,
    pub(crate) paths: Arc<[RulePath]>,
    /// What each rule says.
    pub(crate) verdicts: Vec<Verdict>,
}

/// A request that is allowed, or what is left of it.
pub(crate) struct Guarded {
    /// None when no field is left.
    pub(crate) checked: Option<Checked>,
    pub(crate) hidden: Vec<Hidden>,
}

/// Checks a request of `size` bytes against a schema and all guards.
pub(crate) fn admit(
    schema: &GraphSchema,
    guards: &[Arc<Guard>],
    request: &GraphRequest,
    size: usize,
) -> Result<Guarded, Vec<GraphError>> {
    let mut guarded = Guarded { checked: Some(check(schema, request, Limits::EXECUTION)?), hidden: Vec::new() };
    for guard in guards {
        if size > guard.max_size {
            let message = format!("The request has {size} bytes: at most {} are allowed.", guard.max_size);
            return Err(vec![GraphError::new(message)]);
        }
        let Some(checked) = guarded.checked.take() else { break };
        check(schema, request, guard.limits)?;
        let mut action = |at: usize| Ok::<_, Infallible>(guard.verdicts.get(at).copied().unwrap_or(Verdict::Reject));
        match prune(schema, &checked, &mut Rules::new(schema, &guard.paths, &mut action)) {
            Ok(Pruned::Whole) => guarded.checked = Some(checked),
            Ok(Pruned::Rejected(error)) => return Err(vec![error]),
            Ok(Pruned::Partly { left, hidden }) => {
                guarded.checked = left.map(|left| *left);
                guarded.hidden.push(hidden);
            }
            Err(never) => match never {},
        }
    }
    Ok(guarded)
}
