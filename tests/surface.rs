//! What else there is to a key's life, and its uses, over the wire.

mod life;
mod uses;
