//! The circumstances of a question as Cedar has them: for each action what the schema says, under the reference's names.

use cedar_policy::{Context, RestrictedExpression as Expression};

use super::Circumstances;
use super::vocabulary::{Unasked, Vocabulary};
use crate::model::{Action, Tags, Timestamp, TlsDetails};

/// The ends of time that Cedar's datetime can be read from.
const FIRST: &str = "0000-01-01T00:00:00.000Z";
const LAST: &str = "9999-12-31T23:59:59.999Z";

impl Vocabulary {
    /// What belongs to the action; what does not is left out, and what is missing shows when it is held to the schema.
    pub(super) fn context(&self, action: Action, given: &Circumstances) -> Result<Context, Unasked> {
        let mut context = Attributes::default();
        match action {
            Action::ApproveImport | Action::RejectImport => {
                let requester = given.requester.as_deref().map(|name| Expression::new_entity_uid(self.principal(name)));
                context.put("requester", requester);
                context.put_path(given);
            }
            Action::CreateKey => {
                context.put_name("keySpec", given.key_spec.map(|spec| spec.as_str()));
                context.put_name("keyUsage", given.key_usage.map(|usage| usage.as_str()));
                context.put_name("keyOrigin", given.key_origin.map(|origin| origin.as_str()));
                context.put("multiRegion", given.multi_region.map(Expression::new_bool));
                context.put_tags(given.request_tags.as_ref().unwrap_or(&Tags::new()));
            }
            Action::GetParametersForImport => {
                context.put_name("wrappingAlgorithm", given.wrapping_algorithm.map(|algorithm| algorithm.as_str()));
                context.put_name("wrappingKeySpec", given.wrapping_key_spec.map(|spec| spec.as_str()));
                context.put_path(given);
            }
            Action::ImportKeyMaterial => {
                context.put_name("expirationModel", given.expiration_model.map(|model| model.as_str()));
                context.put("validTo", given.valid_to.map(datetime));
                context.put("approved", Some(Expression::new_bool(given.approved)));
                context.put_path(given);
            }
            Action::ReplicateKey => {
                context.put("replicaRegion", given.replica_region.as_deref().map(text));
                context.put_tags(given.request_tags.as_ref().unwrap_or(&Tags::new()));
            }
            Action::ScheduleKeyDeletion => {
                let days = given.pending_window_in_days.map(|days| Expression::new_long(days.into()));
                context.put("scheduleKeyDeletionPendingWindowInDays", days);
            }
            Action::TagResource => context.put_tags(given.request_tags.as_ref().unwrap_or(&Tags::new())),
            Action::UntagResource => context.put_tag_keys(given.request_tags.as_ref().unwrap_or(&Tags::new())),
            Action::UpdatePrimaryRegion => context.put("primaryRegion", given.primary_region.as_deref().map(text)),
            _ => {}
        }
        context.put("tls", given.tls.as_ref().and_then(connection));
        Ok(Context::from_pairs(context.0)?)
    }
}

#[derive(Default)]
struct Attributes(Vec<(String, Expression)>);

impl Attributes {
    fn put(&mut self, name: &str, value: Option<Expression>) {
        self.0.extend(value.map(|value| (name.to_owned(), value)));
    }

    fn put_name(&mut self, name: &str, value: Option<&'static str>) {
        self.put(name, value.map(text));
    }

    fn put_path(&mut self, given: &Circumstances) {
        self.put_name("unwrapPath", given.unwrap_path.map(|path| path.as_str()));
        self.put_name("hostExposure", given.host_exposure.map(|exposure| exposure.as_str()));
    }

    fn put_tags(&mut self, tags: &Tags) {
        let pairs = tags.iter().filter_map(|(key, value)| record([("key", text(key)), ("value", text(value))]));
        self.put("requestTags", Some(Expression::new_set(pairs)));
        self.put_tag_keys(tags);
    }

    fn put_tag_keys(&mut self, tags: &Tags) {
        self.put("requestTagKeys", Some(Expression::new_set(tags.keys().map(|key| text(key)))));
    }
}

fn text(text: &str) -> Expression {
    Expression::new_string(text.to_owned())
}

/// Refused where a name comes twice, which here none does.
fn record<const N: usize>(members: [(&str, Expression); N]) -> Option<Expression> {
    Expression::new_record(members.map(|(name, value)| (name.to_owned(), value))).ok()
}

fn connection(tls: &TlsDetails) -> Option<Expression> {
    let TlsDetails { version, cipher_suite, key_exchange } = tls;
    record([("version", text(version)), ("cipherSuite", text(cipher_suite)), ("keyExchange", text(key_exchange))])
}

/// Cedar takes four digits of a year and three of a second, neither more nor less. A moment beyond that is the end of time: a
/// policy that bounds it must not find it missing.
fn datetime(moment: Timestamp) -> Expression {
    let written = moment.rfc3339().as_deref().and_then(|written| {
        let whole = written.get(..19).filter(|_| written.ends_with('Z'))?;
        Some(format!("{whole}.{:03}Z", moment.as_millis().rem_euclid(1000)))
    });
    let beyond = if moment.as_millis() < 0 { FIRST } else { LAST };
    Expression::new_datetime(written.as_deref().unwrap_or(beyond))
}

#[cfg(test)]
mod tests {
    use cedar_policy::EvalResult;

    use super::*;

    #[test]
    fn a_moment_keeps_its_milliseconds_and_one_beyond_time_is_its_end() {
        #[rustfmt::skip]
        let cases = [
            (1_796_083_200_000,    "2026-12-01T00:00:00.000Z"),
            (1_796_083_200_050,    "2026-12-01T00:00:00.050Z"),
            (-1,                   "1969-12-31T23:59:59.999Z"),
            (253_402_300_799_999,  LAST),
            (253_402_300_800_000,  LAST), // the year 10000
            (i64::MAX,             LAST),
            (i64::MIN,             FIRST),
        ];
        for (millis, expected) in cases {
            let evaluated = |value| Context::from_pairs([("at".to_owned(), value)]).unwrap().get("at").unwrap();
            let moment = evaluated(datetime(Timestamp::from_millis(millis)));
            assert!(matches!(moment, EvalResult::ExtensionValue(_)));
            assert_eq!(moment, evaluated(Expression::new_datetime(expected)), "{millis}");
        }
    }
}
