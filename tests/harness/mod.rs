//! What the tests stand on: real tokens, real databases, the real binaries.
#![allow(dead_code)]

pub mod inprocess;
pub mod postgres;
pub mod service;
