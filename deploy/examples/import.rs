//! Makes a key, wraps 32 random bytes for it on this machine and brings them into the token.
//!
//! `. .local/env`, then `openssl rand -out KEYFILE 32` and `cargo run --example import -- KEYFILE`.
#![allow(clippy::print_stdout)]

use std::env::{args_os, var};

use anyhow::Context;
use keyferry::client::walk::Target;
use keyferry::client::{Client, Endpoint, NewKey, Walk};
use keyferry::model::KeySpec;
use keyferry::wrap;
use zeroize::Zeroizing;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let keyfile = args_os().nth(1).context("give a file with 32 random bytes")?;
    let secret = Zeroizing::new(std::fs::read(keyfile)?);

    let file = |variable| -> anyhow::Result<Vec<u8>> { Ok(std::fs::read(var(variable).context(variable)?)?) };
    let endpoint = Endpoint::new(var("KEYFERRY_ENDPOINT_URL").context("KEYFERRY_ENDPOINT_URL")?)
        .ca_bundle(file("KEYFERRY_CA_BUNDLE")?)
        .identity(file("KEYFERRY_CLIENT_CERT")?, file("KEYFERRY_CLIENT_KEY")?);
    let client = Client::connect(&endpoint).await?;

    let key = NewKey::external(KeySpec::SymmetricDefault).description("from the Rust example");
    let walk = Walk::to(Target::New(key));
    let outcome = walk.run(&client, |kind| wrap::material(kind, &secret), |_progress| {}).await?;
    println!("{} holds {}", outcome.key.arn, outcome.key_material_id);
    Ok(())
}
