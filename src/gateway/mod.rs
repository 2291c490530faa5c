//! The gateway: APIs, operations and subscriptions in front of the policy pipeline.
