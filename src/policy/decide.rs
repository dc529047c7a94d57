//! What the policies say to a question. In doubt they say no.

use cedar_policy::{AuthorizationError, Authorizer, Entities, Request};

use super::vocabulary::Unasked;
use super::{Decision, Policies, Question, Resource};

impl Policies {
    /// Answers. Never fails: what cannot be evaluated is denied.
    pub fn decide(&self, question: &Question<'_>) -> Decision {
        // Before any policy: no permit, however wide, opens another account's keys.
        if question.resource.account() != &question.principal.account {
            return Decision { allowed: false, policies: Vec::new() };
        }
        self.ask(question).unwrap_or_else(|error| {
            tracing::warn!(action = %question.action, %error, "denied: the question does not hold to the schema of the policies");
            Decision { allowed: false, policies: Vec::new() }
        })
    }

    fn ask(&self, question: &Question<'_>) -> Result<Decision, Unasked> {
        let words = &self.vocabulary;
        let Question { principal, action, resource, circumstances } = question;
        let account = words.account_entity(&principal.account);
        let mut entities = vec![words.principal_entity(principal)?];
        let resource = match resource {
            Resource::Account(_) => account.uid(),
            Resource::Key { arn, key } => {
                let key = words.key_entity(arn, key)?;
                let uid = key.uid();
                entities.push(key);
                uid
            }
        };
        // Where an approval speaks of its requester's tags.
        let requester = circumstances.requester.as_deref().filter(|name| *name != principal.name);
        if let Some(requester) = requester.and_then(|name| self.principal(name)) {
            entities.push(words.principal_entity(requester)?);
            if requester.account != principal.account {
                entities.push(words.account_entity(&requester.account));
            }
        }
        entities.push(account);
        let entities = Entities::from_entities(entities, None)?;
        let context = words.context(*action, circumstances)?;
        let request =
            Request::new(words.principal(&principal.name), words.action(*action), resource, context, Some(&words.schema))?;
        Ok(self.answer(&request, &entities))
    }

    fn answer(&self, request: &Request, entities: &Entities) -> Decision {
        let response = Authorizer::new().is_authorized(request, &self.policies, entities);
        let diagnostics = response.diagnostics();
        // Cedar leaves out what it cannot evaluate. A forbid that is left out would let through what it is there to stop.
        let mut erred = Vec::new();
        for AuthorizationError::PolicyEvaluationError(error) in diagnostics.errors() {
            let policy = error.policy_id().to_string();
            tracing::warn!(policy, error = %error.inner(), "denied: a policy cannot be evaluated; correct it");
            erred.push(policy);
        }
        let allowed = erred.is_empty() && response.decision() == cedar_policy::Decision::Allow;
        let mut policies = if erred.is_empty() { diagnostics.reason().map(ToString::to_string).collect() } else { erred };
        policies.sort();
        Decision { allowed, policies }
    }
}
