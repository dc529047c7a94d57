//! Other tokens than SoftHSM2: what each is found able to do, and that it is held to what it must do.
//!
//! Kryoptic is built for every run. NSS and openCryptoki are the machine's own, and openCryptoki's token is in the whole machine's
//! hands: `make tokens` asks for both.

mod kryoptic;
mod nss;
mod opencryptoki;
