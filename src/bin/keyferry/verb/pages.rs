//! Answers that come in pages, as one: the reference's `--page-size`, `--max-items` and `--starting-token`.

use anyhow::anyhow;
use clap::{Arg, ArgMatches, value_parser};
use keyferry::client::Client;
use prost_reflect::Value as Wire;
use serde_json::{Map, Value};

use super::call;
use crate::failure::Failure;
use crate::output::Printer;
use crate::request::Request;
use crate::schema::{Member, Operation};
use crate::settings::Settings;
use crate::shape;

/// How much is wanted of a list.
pub(super) struct Pages {
    page_size: Option<i32>,
    max_items: Option<usize>,
    starting_token: Option<String>,
}

/// The options that ask for a list as a whole.
const NAMES: [&str; 3] = ["starting-token", "page-size", "max-items"];

/// The options of every operation that lists.
pub(super) fn arguments() -> [Arg; 3] {
    let arg = |name: &'static str, help: &'static str| Arg::new(name).long(name).help(help);
    [
        arg("page-size", "Items in one answer of the service; changes nothing about what is printed")
            .value_name("NUMBER")
            .value_parser(value_parser!(i32).range(1..)),
        arg("max-items", "Print so many items; where there are more, NextToken is printed, for --starting-token")
            .value_name("NUMBER")
            .value_parser(value_parser!(u32).range(1..)),
        arg("starting-token", "NextToken of the answer before").value_name("TOKEN"),
    ]
}

impl Pages {
    /// What the command line wants of a list; `None` where it asks for one page by itself.
    ///
    /// # Errors
    /// Where it asks for both.
    pub(super) fn wanted(matches: &ArgMatches, settings: &Settings, request: &Request) -> Result<Option<Self>, Failure> {
        if settings.no_paginate || request.says("limit") || request.says("marker") {
            let given: Vec<String> =
                NAMES.iter().filter(|name| matches.contains_id(name)).map(|name| format!("--{name}")).collect();
            return match given.is_empty() {
                true => Ok(None),
                false => Err(Failure::usage(format!(
                    "Error during pagination: Cannot specify --no-paginate along with pagination arguments: {}\n\
                     --limit and --marker ask for one page, as --no-paginate does: give either these or those",
                    given.join(", ")
                ))),
            };
        }
        let page_size = matches.get_one::<i32>("page-size").copied();
        let max_items = matches.get_one::<u32>("max-items").map(|items| *items as usize);
        let starting_token = matches.get_one::<String>("starting-token").cloned();
        Ok(Some(Self { page_size, max_items, starting_token }))
    }

    /// Gets and prints it.
    pub(super) async fn print(
        self,
        operation: &Operation,
        list: &Member,
        mut request: Request,
        client: &Client,
        printer: &Printer,
    ) -> Result<(), Failure> {
        let (mut items, mut marker) = (Vec::new(), self.starting_token);
        loop {
            let left = self.max_items.map(|most| most - items.len());
            // The last page is asked to end where the printing does, so that its marker is where to go on.
            let limit = left.and_then(|left| i32::try_from(left).ok()).into_iter().chain(self.page_size).min();
            if let Some(limit) = limit {
                request.put("limit", Wire::I32(limit.min(most_in_a_page(operation))));
            }
            if let Some(marker) = &marker {
                request.put("marker", Wire::String(marker.clone()));
            }
            let mut page = shape::of(&call(operation, &request, client).await?);
            let next = page.get("NextMarker").and_then(Value::as_str).map(str::to_owned);
            if next.is_some() && next == marker {
                return Err(anyhow!("the service answers the same page again and again").into());
            }
            marker = next;
            if printer.streams() {
                printer.answer(&page)?;
            }
            if let Some(Value::Array(more)) = page.get_mut(list.name()) {
                items.append(more);
            }
            if marker.is_none() || self.max_items.is_some_and(|most| items.len() >= most) {
                break;
            }
        }
        if printer.streams() {
            return Ok(());
        }
        printer.list(Map::from_iter([(list.name(), Value::Array(items))]), marker.map(Value::from))
    }
}

/// The reference's limit.
fn most_in_a_page(operation: &Operation) -> i32 {
    match operation.name() {
        "ListAliases" => 100,
        "ListResourceTags" => 50,
        _ => 1000,
    }
}
