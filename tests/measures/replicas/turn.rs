//! One kind of call after the other, through as many replicas as there are.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection};

use super::CALLERS;
use super::fleet::Fleet;
use super::key::{Acknowledged, Key};
use crate::harness::{Client, Refusal};
use crate::measures::load::{Outcome, at_once};
use crate::measures::processors::Processors;
use crate::measures::samples::Samples;

/// Calls of each kind in a turn.
pub const DESCRIBED: usize = 1200;
pub const MACED: usize = 1200;
pub const IMPORTED: usize = 100;
/// Keys that are put to work: each was used at each replica before, so that it knows where they are on the token.
const AT_WORK: usize = 10;

/// How long it is waited for wrapping keys to be destroyed: what one replica could not destroy waits for the janitors.
const REST: Duration = Duration::from_secs(10);

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    DescribeKey,
    GenerateMac,
    GetParametersForImport,
    ImportKeyMaterial,
}

pub const ALL: [Call; 4] = [Call::DescribeKey, Call::GenerateMac, Call::GetParametersForImport, Call::ImportKeyMaterial];

/// What came of one kind of call in several turns.
#[derive(Default)]
pub struct Served {
    pub samples: Vec<Samples>,
    pub refused: usize,
}

impl Served {
    fn add(&mut self, call: Call, replicas: usize, outcome: Outcome, meanwhile: &str) {
        let first = outcome.refusal.map_or(String::new(), |refusal| format!(", one refused with {refusal:?}"));
        eprintln!("  {call:?}, {replicas} serving: {meanwhile}{first}");
        self.refused += outcome.refused;
        self.samples.push(outcome.samples);
    }
}

/// A turn of each kind of call; what was imported. Of several replicas one issues a set, the next imports under it.
pub async fn take(fleet: &Fleet, keys: Vec<Key>, served: &mut [Served; 4]) -> Vec<Acknowledged> {
    let lines = Arc::new(fleet.lines(CALLERS).await);
    let keys: Arc<Vec<Arc<Key>>> = Arc::new(keys.into_iter().map(Arc::new).collect());
    let [describing, macing, issuing, importing] = served;
    let replicas = fleet.size();

    let all = Arc::clone(&keys);
    let (outcome, meanwhile) = watched(DESCRIBED, &lines, move |number, client: Client| {
        let key = Arc::clone(&all[number % all.len()]);
        async move { key.describe(&client).await.map(drop) }
    })
    .await;
    describing.add(Call::DescribeKey, replicas, outcome, &meanwhile);

    let sets = Arc::new(Mutex::new(Vec::new()));
    let (all, given) = (Arc::clone(&keys), Arc::clone(&sets));
    let (outcome, meanwhile) = watched(IMPORTED, &lines, move |number, client: Client| {
        let (key, given) = (Arc::clone(&all[number]), Arc::clone(&given));
        async move {
            let set = key.parameters(&client).await?;
            given.lock().unwrap().push((number, key, set));
            Ok(())
        }
    })
    .await;
    issuing.add(Call::GetParametersForImport, replicas, outcome, &meanwhile);

    let mut sets = std::mem::take(&mut *sets.lock().unwrap());
    sets.sort_unstable_by_key(|(number, ..)| *number);
    let requests: Arc<Vec<_>> = Arc::new(sets.into_iter().map(|(_, key, set)| (key.request(&set), key)).collect());
    let imported = Arc::new(Mutex::new(Vec::new()));
    let (all, told) = (Arc::clone(&requests), Arc::clone(&imported));
    let (began, elsewhere) = (Instant::now(), another(&lines));
    let (mut outcome, meanwhile) = watched(requests.len(), &elsewhere, move |number, client: Client| {
        let ((request, key), told) = (all[number].clone(), Arc::clone(&told));
        async move {
            let answer = client.import(request).await?;
            told.lock().unwrap().push((key, answer.key_material_id));
            Ok(())
        }
    })
    .await;
    // Until the wrapping keys are destroyed too: that is not on the callers' time, but it is on the token's and the disk's.
    let rest = Instant::now();
    while doomed(fleet).await > 0 && rest.elapsed() < REST {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    outcome.samples = outcome.samples.lasting(began.elapsed());
    let meanwhile =
        format!("{meanwhile}, wrapping keys destroyed {:.1} s after the last answer", rest.elapsed().as_secs_f64());
    importing.add(Call::ImportKeyMaterial, replicas, outcome, &meanwhile);

    let imported: Vec<Acknowledged> = std::mem::take(&mut *imported.lock().unwrap());
    let at_work: Arc<Vec<_>> = Arc::new(imported.iter().take(AT_WORK).map(|(key, _)| Arc::clone(key)).collect());
    for (key, client) in at_work.iter().flat_map(|key| lines.iter().map(move |client| (key, client))) {
        // What it is told does not count.
        let _warm = key.mac(client).await;
    }
    let (outcome, meanwhile) = watched(MACED, &lines, move |number, client: Client| {
        let key = Arc::clone(&at_work[number % at_work.len()]);
        async move { key.mac(&client).await }
    })
    .await;
    macing.add(Call::GenerateMac, replicas, outcome, &meanwhile);
    imported
}

/// So many calls, each given its number and a connection; what came of them, and what the processors did meanwhile.
async fn watched<C, F>(calls: usize, lines: &Arc<Vec<Client>>, call: C) -> (Outcome, String)
where
    C: Fn(usize, Client) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), Refusal>> + Send,
{
    let (lines, before) = (Arc::clone(lines), Processors::now());
    let outcome = at_once(calls, CALLERS, move |number| call(number, lines[number % lines.len()].clone())).await;
    (outcome, before.since())
}

/// The connections, so that each number has that of the next replica.
fn another(lines: &Arc<Vec<Client>>) -> Arc<Vec<Client>> {
    let mut lines = lines.to_vec();
    lines.rotate_left(1);
    Arc::new(lines)
}

/// How many objects are still to be destroyed.
async fn doomed(fleet: &Fleet) -> i64 {
    let mut connection = PgConnection::connect(&fleet.installation.store_url()).await.unwrap();
    sqlx::query_scalar("SELECT COUNT(*) FROM doomed").fetch_one(&mut connection).await.unwrap()
}
