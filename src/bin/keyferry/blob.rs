//! Options from files, and bytes from text, as the reference CLI takes them: `fileb://` and a path for the bytes of a file,
//! `file://` for its text, else the text itself. A file of the other kind is recognised and said.

use base64ct::{Base64, Encoding};

use crate::failure::Failure;
use crate::globals::BinaryFormat;

/// No base64 that is shorter is certain to be no bytes.
const CERTAINLY_TEXT: usize = 16;

/// The text that an option was given: itself, or that of a `file://`.
pub(crate) fn text(option: &str, given: &str) -> Result<String, Failure> {
    if let Some(path) = given.strip_prefix("fileb://") {
        return Err(Failure::usage(format!("--{option} takes text: give file://{path}")));
    }
    let Some(path) = given.strip_prefix("file://") else { return Ok(given.to_owned()) };
    let text = String::from_utf8(load(option, given, path)?)
        .map_err(|_| Failure::usage(format!("--{option} {given} holds bytes where text is wanted")))?;
    // Editors and `tee` end a file with a line end that is nobody's key id.
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// The bytes that an option was given, where they are the caller's own and may well be text.
pub(crate) fn own_bytes(option: &str, given: &str, format: BinaryFormat) -> Result<Vec<u8>, Failure> {
    match given.strip_prefix("fileb://") {
        Some(path) => load(option, given, path),
        None => bytes(option, given, format),
    }
}

/// The bytes that an option was given.
pub(crate) fn bytes(option: &str, given: &str, format: BinaryFormat) -> Result<Vec<u8>, Failure> {
    if let Some(path) = given.strip_prefix("fileb://") {
        let bytes = load(option, given, path)?;
        return match is_base64_text(&bytes) {
            true => Err(Failure::usage(format!(
                "--{option} {given} holds base64 text where bytes are wanted: give file://{path}, or decode it"
            ))),
            false => Ok(bytes),
        };
    }
    if let Some(path) = given.strip_prefix("file://") {
        let bytes = load(option, given, path)?;
        return match (format, std::str::from_utf8(&bytes)) {
            (BinaryFormat::RawInBase64Out, _) => Ok(bytes),
            (BinaryFormat::Base64, Ok(text)) if Base64::decode_vec(&joined(text)).is_ok() => decoded(option, text),
            (BinaryFormat::Base64, _) => Err(Failure::usage(format!(
                "--{option} {given} holds bytes where base64 text is wanted: give fileb://{path}"
            ))),
        };
    }
    match format {
        BinaryFormat::RawInBase64Out => Ok(given.as_bytes().to_vec()),
        BinaryFormat::Base64 => decoded(option, given),
    }
}

fn decoded(option: &str, text: &str) -> Result<Vec<u8>, Failure> {
    Base64::decode_vec(&joined(text)).map_err(|_| {
        let remedy = match std::fs::exists(text) {
            Ok(true) => format!("give fileb://{text} for the bytes of that file"),
            _ => "give base64, fileb:// and a path for the bytes of a file, or file:// for one that holds base64".to_owned(),
        };
        Failure::usage(format!("Invalid base64 for --{option}: {remedy}"))
    })
}

fn load(option: &str, given: &str, path: &str) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| {
        Failure::usage(format!("Error parsing parameter '--{option}': Unable to load paramfile {given}: {error}"))
    })
}

/// Base64 without the line ends that tools put into it.
fn joined(text: &str) -> String {
    text.split_ascii_whitespace().collect()
}

fn is_base64_text(bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes).map(joined).unwrap_or_default();
    text.len() >= CERTAINLY_TEXT && Base64::decode_vec(&text).is_ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    fn said(result: Result<Vec<u8>, Failure>) -> String {
        result.unwrap_err().message()
    }

    #[test]
    fn bytes_come_from_files_of_bytes_and_files_of_base64_and_a_mistaken_one_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).display().to_string();
        let (raw, base64) = (path("token.bin"), path("token.b64"));
        std::fs::write(&raw, [0xd2, 0x84, 0, 1]).unwrap();
        std::fs::write(&base64, "0oQAAQIDBAUGBwgJ\nCgsMDQ4P\n").unwrap();

        let take = |given: String| bytes("import-token", &given, BinaryFormat::Base64);
        assert_eq!(take(format!("fileb://{raw}")).unwrap(), [0xd2, 0x84, 0, 1]);
        assert_eq!(take(format!("file://{base64}")).unwrap()[..4], [0xd2, 0x84, 0, 1]);
        assert_eq!(take("AQID".into()).unwrap(), [1, 2, 3]);
        let own = own_bytes("message", &format!("fileb://{base64}"), BinaryFormat::Base64).unwrap();
        assert_eq!(own, b"0oQAAQIDBAUGBwgJ\nCgsMDQ4P\n", "what is signed may be base64 itself");
        assert_eq!(bytes("x", "AQID", BinaryFormat::RawInBase64Out).unwrap(), b"AQID");
        assert_eq!(
            said(take(format!("fileb://{base64}"))),
            format!(
                "--import-token fileb://{base64} holds base64 text where bytes are wanted: give file://{base64}, or decode it"
            )
        );
        assert_eq!(
            said(take(format!("file://{raw}"))),
            format!("--import-token file://{raw} holds bytes where base64 text is wanted: give fileb://{raw}")
        );
        assert_eq!(
            said(take(raw.clone())),
            format!("Invalid base64 for --import-token: give fileb://{raw} for the bytes of that file")
        );
        assert!(
            said(take("fileb://absent".into()))
                .ends_with("Unable to load paramfile fileb://absent: No such file or directory (os error 2)")
        );
    }

    #[test]
    fn text_comes_from_a_file_of_text() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("words").display().to_string();
        std::fs::write(&path, "two words\n").unwrap();
        assert_eq!(text("description", &format!("file://{path}")).unwrap(), "two words");
        assert_eq!(text("description", "plain").unwrap(), "plain");
        assert_eq!(
            text("description", &format!("fileb://{path}")).unwrap_err().message(),
            format!("--description takes text: give file://{path}")
        );
    }
}
