//! Every integration test, in one binary: each further one would link the world again.

mod config;
