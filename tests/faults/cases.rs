//! What can go wrong at one call: the return values that PKCS#11 3.0 §5 has for the function, and those that it has for all.

use std::collections::BTreeSet;

/// What is under way when the token fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Doing {
    /// GetParametersForImport, with a pair that stands ready.
    Issue,
    /// GetParametersForImport, with a pair that is made for it.
    Make,
    /// ImportKeyMaterial, and the destruction of the wrapping key after it.
    Import,
    /// ImportKeyMaterial, as the token forgets the login: what is done to have it back fails too.
    Heal,
}

/// One failure.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) doing: Doing,
    pub(super) function: String,
    /// At which call of the function, from one.
    pub(super) occurrence: u64,
    pub(super) fault: Fault,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    Return(&'static str),
    After(&'static str),
    Lie,
}

impl Case {
    /// As the module is told.
    pub(super) fn rule(&self) -> String {
        let Self { function, occurrence, .. } = self;
        match self.fault {
            Fault::Return(said) => format!("{function} {occurrence} return {said}"),
            Fault::After(said) => format!("{function} {occurrence} after {said}"),
            Fault::Lie => format!("{function} {occurrence} lie"),
        }
    }
}

/// What any function may answer, and what none should and some do.
const ALWAYS: [&str; 16] = [
    "CKR_GENERAL_ERROR",
    "CKR_HOST_MEMORY",
    "CKR_FUNCTION_FAILED",
    "CKR_ARGUMENTS_BAD",
    "CKR_CRYPTOKI_NOT_INITIALIZED",
    "CKR_DEVICE_ERROR",
    "CKR_DEVICE_MEMORY",
    "CKR_DEVICE_REMOVED",
    "CKR_TOKEN_NOT_PRESENT",
    "CKR_SESSION_HANDLE_INVALID",
    "CKR_SESSION_CLOSED",
    "CKR_USER_NOT_LOGGED_IN",
    "CKR_OPERATION_ACTIVE",
    "CKR_FUNCTION_CANCELED",
    "CKR_FUNCTION_NOT_SUPPORTED",
    // A vendor's own.
    "0x80000001",
];

const OF_TEMPLATES: [&str; 6] = [
    "CKR_ATTRIBUTE_READ_ONLY",
    "CKR_ATTRIBUTE_TYPE_INVALID",
    "CKR_ATTRIBUTE_VALUE_INVALID",
    "CKR_SESSION_READ_ONLY",
    "CKR_TEMPLATE_INCONSISTENT",
    "CKR_TOKEN_WRITE_PROTECTED",
];

/// What this function may answer besides.
fn specific(function: &str) -> Vec<&'static str> {
    match function {
        "C_SignInit" => vec![
            "CKR_KEY_FUNCTION_NOT_PERMITTED",
            "CKR_KEY_HANDLE_INVALID",
            "CKR_OBJECT_HANDLE_INVALID",
            "CKR_KEY_SIZE_RANGE",
            "CKR_KEY_TYPE_INCONSISTENT",
            "CKR_MECHANISM_INVALID",
            "CKR_MECHANISM_PARAM_INVALID",
            "CKR_PIN_EXPIRED",
        ],
        "C_Sign" => vec![
            "CKR_BUFFER_TOO_SMALL",
            "CKR_DATA_INVALID",
            "CKR_DATA_LEN_RANGE",
            "CKR_FUNCTION_REJECTED",
            "CKR_OPERATION_NOT_INITIALIZED",
            "CKR_TOKEN_RESOURCE_EXCEEDED",
        ],
        "C_DigestInit" => vec!["CKR_MECHANISM_INVALID", "CKR_MECHANISM_PARAM_INVALID", "CKR_PIN_EXPIRED"],
        "C_DigestUpdate" => vec!["CKR_OPERATION_NOT_INITIALIZED"],
        "C_DigestKey" => {
            vec!["CKR_KEY_HANDLE_INVALID", "CKR_KEY_INDIGESTIBLE", "CKR_KEY_SIZE_RANGE", "CKR_OPERATION_NOT_INITIALIZED"]
        }
        "C_DigestFinal" => vec!["CKR_BUFFER_TOO_SMALL", "CKR_OPERATION_NOT_INITIALIZED"],
        "C_GetAttributeValue" => {
            vec![
                "CKR_ATTRIBUTE_SENSITIVE",
                "CKR_ATTRIBUTE_TYPE_INVALID",
                "CKR_BUFFER_TOO_SMALL",
                "CKR_OBJECT_HANDLE_INVALID",
            ]
        }
        "C_UnwrapKey" => [
            &OF_TEMPLATES[..],
            &[
                "CKR_BUFFER_TOO_SMALL",
                "CKR_MECHANISM_INVALID",
                "CKR_MECHANISM_PARAM_INVALID",
                "CKR_PIN_EXPIRED",
                "CKR_TEMPLATE_INCOMPLETE",
                "CKR_UNWRAPPING_KEY_HANDLE_INVALID",
                "CKR_UNWRAPPING_KEY_SIZE_RANGE",
                "CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT",
                "CKR_WRAPPED_KEY_INVALID",
                "CKR_WRAPPED_KEY_LEN_RANGE",
            ],
        ]
        .concat(),
        "C_GenerateKeyPair" => [
            &OF_TEMPLATES[..],
            &["CKR_KEY_SIZE_RANGE", "CKR_MECHANISM_INVALID", "CKR_MECHANISM_PARAM_INVALID", "CKR_TEMPLATE_INCOMPLETE"],
        ]
        .concat(),
        "C_CopyObject" | "C_SetAttributeValue" => {
            [&OF_TEMPLATES[..], &["CKR_ACTION_PROHIBITED", "CKR_OBJECT_HANDLE_INVALID"]].concat()
        }
        "C_DestroyObject" => {
            vec!["CKR_ACTION_PROHIBITED", "CKR_OBJECT_HANDLE_INVALID", "CKR_SESSION_READ_ONLY", "CKR_TOKEN_WRITE_PROTECTED"]
        }
        "C_FindObjectsInit" => vec!["CKR_ATTRIBUTE_TYPE_INVALID", "CKR_ATTRIBUTE_VALUE_INVALID"],
        "C_FindObjects" | "C_FindObjectsFinal" => vec!["CKR_OPERATION_NOT_INITIALIZED"],
        "C_OpenSession" => vec![
            "CKR_SESSION_COUNT",
            "CKR_SESSION_READ_WRITE_SO_EXISTS",
            "CKR_SLOT_ID_INVALID",
            "CKR_TOKEN_NOT_RECOGNIZED",
            "CKR_TOKEN_WRITE_PROTECTED",
        ],
        // A refused PIN is another matter: nobody logs in after it (see the tests of the latch).
        "C_Login" => vec![
            "CKR_OPERATION_NOT_INITIALIZED",
            "CKR_SESSION_READ_ONLY_EXISTS",
            "CKR_USER_ANOTHER_ALREADY_LOGGED_IN",
            "CKR_USER_TOO_MANY_TYPES",
        ],
        _ => Vec::new(),
    }
}

/// Whether a lie about it can be seen through. What a token signs is believed: to whoever lacks the key, a made-up MAC is a MAC.
fn may_lie(function: &str) -> bool {
    function != "C_Sign"
}

/// Every failure of these calls.
pub(super) fn all(doing: Doing, calls: impl IntoIterator<Item = (String, u64)>) -> Vec<Case> {
    let mut cases = Vec::new();
    for (function, times) in calls {
        let said: Vec<&str> = ALWAYS.into_iter().chain(specific(&function)).collect();
        let lie = may_lie(&function).then_some(Fault::Lie);
        let faults: Vec<Fault> = said
            .iter()
            .map(|said| Fault::Return(said))
            .chain(said.iter().map(|said| Fault::After(said)))
            .chain(lie)
            .collect();
        for occurrence in 1..=times {
            let case = |fault: &Fault| Case { doing, function: function.clone(), occurrence, fault: *fault };
            cases.extend(faults.iter().map(case));
        }
    }
    cases
}

/// What is said of a copy to the token that was made all the same: what the service takes for a failure, for no room, and for a lost
/// session. Each it must take for one that may have left an object.
const OF_A_LOST_COPY: [&str; 3] = ["CKR_GENERAL_ERROR", "CKR_DEVICE_MEMORY", "CKR_SESSION_CLOSED"];

fn is_a_lost_copy(case: &Case) -> bool {
    let lost = matches!(case.fault, Fault::After(said) if OF_A_LOST_COPY.contains(&said));
    lost && case.doing == Doing::Import && case.function == "C_CopyObject"
}

/// So many of them, the same each time: copies that are lost, then one of each function, then of each another, so that one is done and
/// one is not, then any.
pub(super) fn sample(mut cases: Vec<Case>, count: usize) -> Vec<Case> {
    // Knuth's multiplicative generator: chance is not wanted, only that neighbours are not taken together.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut drawn: Vec<(bool, bool, u64, Case)> = Vec::new();
    let (mut functions, mut seen) = (BTreeSet::new(), BTreeSet::new());
    for index in (1..=cases.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let case = cases.swap_remove(usize::try_from(state >> 33).unwrap() % index);
        let of = (case.function.clone(), matches!(case.fault, Fault::After(_)));
        let again = !seen.insert(of) && !is_a_lost_copy(&case);
        drawn.push((again, !functions.insert(case.function.clone()), state, case));
    }
    drawn.sort_by_key(|(again, another, state, case)| (!is_a_lost_copy(case), *again, *another, *state));
    drawn.into_iter().map(|(.., case)| case).take(count).collect()
}
