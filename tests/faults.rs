//! A token that fails, at every function and in every way: what the service makes of it.
//!
//! [`module`] tries the module that does it. [`sweep`] drives what keyferry asks of a token, call by call, through every return value that PKCS#11
//! has for it, and holds the service to its invariants after each, on SoftHSM2 and on Kryoptic. `cargo test` takes a sample, the same
//! each time; `make faults` takes all, and prints what came of them. [`healing`] has the token hang, go, come back and forget.

mod cases;
mod destroying;
mod driver;
mod healing;
mod latch;
mod module;
mod scene;
mod sweep;
mod table;
mod ward;
