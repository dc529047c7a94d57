//! One verb for each operation: its options, and what happens when it is called.

mod arguments;
mod pages;
mod skeleton;

use clap::ArgMatches;
use keyferry::client::Client;
use prost_reflect::{DynamicMessage, ReflectMessage, Value as Wire};
use serde_json::Value;

use crate::failure::Failure;
use crate::output::Printer;
use crate::prompt;
use crate::request::Request;
use crate::schema::Operation;
use crate::settings::Settings;
use crate::shape;
pub(crate) use arguments::command;

/// Calls the operation, page after page where there are pages, and prints what it answers.
pub(crate) async fn run(operation: &Operation, matches: &ArgMatches, settings: &Settings) -> Result<(), Failure> {
    let printer = Printer::new(settings, operation.name())?;
    if let Some(kind) = matches.get_one::<skeleton::Kind>(arguments::SKELETON) {
        return skeleton::print(operation, *kind, &printer);
    }
    let mut request = arguments::request(operation, matches, settings)?;
    if settings.auto_prompt {
        prompt::missing(&mut request, settings)?;
    }
    // A request that is not whole is refused before anybody is asked.
    request.encode()?;
    let list = match operation.pages() {
        Some(list) => pages::Pages::wanted(matches, settings, &request)?.map(|pages| (list, pages)),
        None => None,
    };
    let client = settings.connect().await?;
    if let Some((list, pages)) = list {
        return pages.print(operation, &list, request, &client, &printer).await;
    }
    let answer = call(operation, &request, &client).await?;
    match answer.descriptor().fields().len() {
        0 => Ok(()),
        _ => printer.answer(&shape::of(&answer)),
    }
}

async fn call(operation: &Operation, request: &Request, client: &Client) -> Result<DynamicMessage, Failure> {
    tracing::debug!(operation = operation.name(), request = request.outline(), "calling");
    let began = std::time::Instant::now();
    let answer = client.call(&operation.path(), request.encode()?).await;
    tracing::debug!(
        operation = operation.name(),
        milliseconds = began.elapsed().as_millis(),
        answered = answer.is_ok(),
        "done"
    );
    let answer = answer.map_err(|error| Failure::of(operation.name(), error))?;
    DynamicMessage::decode(operation.output(), answer.as_slice())
        .map_err(|error| Failure::Local(anyhow::anyhow!("the answer cannot be read: {error}")))
}

/// What DescribeKey answers of a key.
pub(crate) async fn describe_key(key_id: &str, client: &Client) -> Result<Value, Failure> {
    let Some(operation) = Operation::of_verb("describe-key") else { return Ok(Value::Null) };
    let mut request = Request::new(&operation);
    request.put("key_id", Wire::String(key_id.to_owned()));
    Ok(shape::of(&call(&operation, &request, client).await?))
}
