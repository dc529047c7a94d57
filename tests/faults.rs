//! A token that fails, at every function and in every way: what the service makes of it.

mod driver;
mod module;
