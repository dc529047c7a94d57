//! What the tests stand on: real tokens, real databases, the real binaries.
#![allow(missing_docs, dead_code)]

pub mod inprocess;
pub mod service;
