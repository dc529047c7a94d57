//! The life of imported material over the wire: in, repeated, expired, deleted, back; and the front door that it comes through.

mod attempts;
mod expiry;
mod exposure;
mod front;
mod life;
mod races;
mod repeats;
mod rotation;
mod secrecy;
