//! The expression engine: C# policy expressions, compiled once and evaluated under a budget.
