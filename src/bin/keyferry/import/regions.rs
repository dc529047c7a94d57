//! `--regions`: the walk in one Region after the other, with one key file.

use clap::ArgMatches;
use clap::parser::ValueSource;
use keyferry::client::walk::{Plan, Tour, Walk};
use keyferry::client::{self, Client, Local};
use keyferry::wrap::KeyFile;
use serde_json::{Map, Value};

use super::course::Course;
use super::{Import, answer, remedy, resume, would_be};
use crate::failure::Failure;
use crate::globals::Globals;
use crate::output::Printer;
use crate::settings::Settings;
use crate::verb;

/// Walks in all of them, or shows the way.
pub(super) async fn run(command: &Import, given: &ArgMatches, globals: Globals) -> Result<(), Failure> {
    check(&command.regions, given)?;
    let settings = Settings::new(globals.clone())?;
    let printer = Printer::new(&settings, "Import")?;
    let file = command.source.open(&command.key_file)?;
    let walk = command.walk(&file)?;
    // Nothing is begun where one of them cannot be reached, or is another.
    let mut services = Vec::new();
    for region in &command.regions {
        services.push((region.as_str(), settings.connect_in(region, &globals).await?));
    }
    let mut course = Course::new(settings.color, &file.description());
    match command.dry_run {
        true => survey(walk, &services, &file, &mut course, &printer).await,
        false => visit(command, walk, &services, &file, &mut course, &printer).await,
    }
}

fn check(regions: &[String], given: &ArgMatches) -> Result<(), Failure> {
    // One of the environment holds where nothing else is said.
    if given.value_source("region") == Some(ValueSource::CommandLine) {
        return Err(Failure::usage("--regions says which Regions, and so there is no --region\nLeave --region away"));
    }
    match regions.iter().enumerate().find(|(at, region)| regions[..*at].contains(region)) {
        Some((_, twice)) => Err(Failure::usage(format!("--regions names {twice} twice\nName each Region once"))),
        None => Ok(()),
    }
}

async fn visit(
    command: &Import,
    walk: Walk,
    services: &[(&str, Client)],
    file: &KeyFile,
    course: &mut Course,
    printer: &Printer,
) -> Result<(), Failure> {
    let (mut tour, mut done) = (Tour::new(walk), Vec::new());
    for (region, client) in services {
        course.enter(region);
        let visited = tour.visit(region, client, |kind| file.material(kind), |progress| course.tell(&progress)).await;
        let outcome = visited.map_err(|error| {
            course.fail();
            broken_off(command, course, region, &done, error)
        })?;
        course.end(&outcome);
        done.push((*region, client, outcome));
    }
    let mut answers = Vec::new();
    // Only now does each know of the others.
    for (region, client, outcome) in &done {
        let id = outcome.key.id.as_str();
        let described = verb::describe_key(id, client).await;
        let described = described.map_err(|failure| failure.noted(remedy::came_in(&outcome.key.arn, id)))?;
        let mut shown = answer::of_outcome(outcome, &file.description());
        shown.extend(described.as_object().cloned().unwrap_or_default());
        answers.push(((*region).to_owned(), shown));
    }
    let id = done.first().map(|(_, _, outcome)| outcome.key.id.as_str());
    printer.answer(&answer::of_regions(answers, id))
}

async fn survey(
    walk: Walk,
    services: &[(&str, Client)],
    file: &KeyFile,
    course: &mut Course,
    printer: &Printer,
) -> Result<(), Failure> {
    let (tour, mut answers, mut first) = (Tour::new(walk.clone()), Vec::new(), None::<(&str, Plan)>);
    for (region, client) in services {
        course.enter(region);
        let before = first.as_ref().map(|(region, plan)| (*region, plan));
        let plan = tour.survey(region, client, before, |progress| course.tell(&progress)).await;
        let plan = plan.map_err(|error| {
            course.fail();
            remedy::why(course, error).noted(format!("This was in the Region {region}"))
        })?;
        let is_made = before.map(|_| ("WouldReplicate".to_owned(), plan.key.is_none().into()));
        let mut shown: Map<String, Value> = is_made.into_iter().collect();
        shown.extend(would_be(&walk, plan.clone(), file, course)?);
        answers.push(((*region).to_owned(), shown));
        first.get_or_insert((*region, plan));
    }
    let key = first.and_then(|(_, plan)| plan.key);
    printer.answer(&answer::of_regions(answers, key.as_ref().map(|key| key.id.as_str())))
}

/// Why the walk ended in this Region, what is done, and how to go on.
fn broken_off<T>(
    command: &Import,
    course: &Course,
    region: &str,
    done: &[(&str, &Client, T)],
    error: client::Error,
) -> Failure {
    let done: Vec<&str> = done.iter().map(|(region, ..)| *region).collect();
    let place = match done[..] {
        [] => format!("This was in the Region {region}, the first"),
        _ => format!("This was in the Region {region}; done before it: {}", done.join(", ")),
    };
    let made = course.made().map(|key| key.id.as_str());
    let begun = made.or(command.key_id.as_deref().filter(|_| !done.is_empty()));
    let note = match (&error, begun) {
        // Nobody is to go on there; or they say themselves what to look for.
        (
            client::Error::Local(
                Local::Mismatch { .. } | Local::Made { .. } | Local::MadeUnnamed { .. } | Local::Unknown { .. },
            ),
            _,
        ) => place,
        (_, Some(id)) => {
            let again = resume::command(std::env::args_os().map(|word| word.to_string_lossy().into_owned()), id);
            format!("{place}\nWhen that is put right, this completes it, and imports nothing twice:\n  {again}")
        }
        (error, None) => match remedy::way_on(course, error) {
            Some(way_on) => format!("{place}\n{way_on}"),
            None => format!("{place}, and nothing was changed"),
        },
    };
    remedy::why(course, error).noted(note)
}
