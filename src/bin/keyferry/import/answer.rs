//! What is printed of a walk that is done, or of one that would be.

use base64ct::{Base64, Encoding};
use keyferry::client::walk::{Choice, Outcome, Plan};
use keyferry::wrap::Material;
use serde_json::{Map, Value};

/// What was done; what the service says of the key comes behind it.
pub(super) fn of_outcome(outcome: &Outcome, key_file: &str) -> Map<String, Value> {
    let mut shown = Map::from_iter([("KeyId".to_owned(), Value::from(outcome.key.arn.as_str()))]);
    shown.insert("KeyMaterialId".into(), outcome.key_material_id.to_string().into());
    shown.extend(check_value(outcome.kcv));
    shown.insert("KeyFile".into(), key_file.into());
    shown.insert("Imported".into(), outcome.imported.is_some().into());
    shown.extend(outcome.imported.iter().flat_map(of_choice));
    let receipt = outcome.receipt.as_deref().map(Base64::encode_string);
    shown.extend(receipt.map(|receipt| ("Receipt".to_owned(), receipt.into())));
    shown
}

/// What would be done.
pub(super) fn of_plan(plan: Plan, material: &Material, key_file: &str, is_done: bool) -> Map<String, Value> {
    let Plan { key, spec, usage, choice, otherwise } = plan;
    let mut shown = Map::new();
    if let Some(key) = key {
        shown.insert("KeyId".into(), key.arn.into());
        shown.insert("KeyMaterialId".into(), material.evidence().material_id(&key.id).to_string().into());
    }
    shown.extend(check_value(material.kcv()));
    shown.insert("KeyFile".into(), key_file.into());
    shown.insert("WouldImport".into(), (!is_done).into());
    shown.insert("KeySpec".into(), spec.as_str().into());
    shown.insert("KeyUsage".into(), usage.as_str().into());
    shown.extend(of_choice(&choice));
    shown.insert("Reason".into(), choice.reason.into());
    let others = otherwise.iter().map(|other| Value::Object(of_choice(other).into_iter().collect())).collect();
    shown.insert("Otherwise".into(), Value::Array(others));
    shown
}

/// What was done, or would be, in one Region after the other: what is the same of all of them first.
pub(super) fn of_regions(regions: Vec<(String, Map<String, Value>)>, key_id: Option<&str>) -> Value {
    let mut shown = Map::new();
    shown.extend(key_id.map(|id| ("KeyId".to_owned(), id.into())));
    for name in ["KeyMaterialId", "KeyCheckValue", "KeyFile"] {
        let value = regions.first().and_then(|(_, first)| first.get(name));
        shown.extend(value.map(|value| (name.to_owned(), value.clone())));
    }
    let of_region = |(region, answer)| {
        let named = Map::from_iter([("Region".to_owned(), Value::String(region))]);
        Value::Object(named.into_iter().chain(answer).collect())
    };
    shown.insert("Regions".into(), regions.into_iter().map(of_region).collect());
    Value::Object(shown)
}

fn check_value(kcv: Option<[u8; 3]>) -> Option<(String, Value)> {
    kcv.map(|kcv| ("KeyCheckValue".to_owned(), base16ct::lower::encode_string(&kcv).into()))
}

fn of_choice(choice: &Choice) -> Vec<(String, Value)> {
    let exposure = choice.host_exposure.map(|exposure| ("HostExposure".to_owned(), exposure.as_str().into()));
    let ways = [
        ("WrappingAlgorithm".to_owned(), choice.wrapping_algorithm.as_str().into()),
        ("WrappingKeySpec".to_owned(), choice.wrapping_key_spec.as_str().into()),
    ];
    ways.into_iter().chain(exposure).collect()
}
