//! What can be seen of a pool.

/// A pool at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolSnapshot {
    /// The id of the Backend entity.
    pub pool: String,
    /// Its members, in the order of the entity.
    pub members: Vec<MemberSnapshot>,
}

/// A member of a pool at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemberSnapshot {
    /// The id of the Backend entity.
    pub backend: String,
    /// Whether requests may go to it: its circuit is not open, it is healthy, and no outlier of the pool.
    pub is_candidate: bool,
    /// Requests that it has not answered yet.
    pub in_flight: u32,
}
