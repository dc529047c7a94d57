//! The wire types that `build.rs` makes of `proto/`. Only `api` and the client speak them.
#![allow(missing_docs, unreachable_pub, clippy::all, clippy::unwrap_used)]

mod discreet;

tonic::include_proto!("keyferry.v1");

/// What reflection shows: an encoded `FileDescriptorSet`.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
