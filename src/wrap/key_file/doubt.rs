//! What may be meant in two ways, where nobody said in which: refused, with the word that says it.
//!
//! A guess that is wrong makes a key that nobody has: it is imported without complaint, and found out when nothing opens. So text
//! stands for bytes once and no more, and characters that stand for nothing are no key. Random bytes do not get here: less than
//! one key in 2³⁰ is text by accident.

use super::{Format, text};
use crate::wrap::Error;
use crate::wrap::words::plural;

/// What a secret key may be long: AES, and the hashes of HMAC.
const KEYS: [usize; 6] = [16, 24, 28, 32, 48, 64];

const LINE_BREAK: &str = "take the line break at their end away and ";

/// Refuses text that stands for the bytes of a secret key, and may stand for something else.
pub(super) fn of_text(text: &[u8], decoded: &[u8], format: Format) -> Result<(), Error> {
    let name = name(format);
    if let Some(several) = several(text) {
        let advice = format!("give a file with one key; if they are one key, say --key-material-format {format}");
        return Err(Error::unusable(several, advice));
    }
    let inner = text::trimmed(decoded);
    if let Some(again) = again(inner) {
        let advice = format!(
            "decode it once, and give what comes out; if the {} inside are the key itself, say --key-material-format {format}",
            characters(decoded)
        );
        return Err(Error::unusable(format!("{name} of {}", self::name(again)), advice));
    }
    if is_written(decoded) {
        let advice = format!(
            "a password is no key; if the {} inside are the key itself, say --key-material-format {format}",
            characters(decoded)
        );
        return Err(Error::unusable(format!("{name} of other text"), advice));
    }
    Ok(())
}

/// Refuses bytes that are text and stand for no others.
pub(super) fn of_bytes(bytes: &[u8]) -> Result<(), Error> {
    if let Some(several) = several(text::trimmed(bytes)) {
        return Err(Error::unusable(several, "give a file with one key"));
    }
    if !is_written(bytes) {
        return Ok(());
    }
    let cut = if bytes.ends_with(b"\n") { LINE_BREAK } else { "" };
    let advice = format!(
        "a password is no key; if these {} are the key itself, {cut}say --key-material-format raw",
        characters(bytes)
    );
    Err(Error::unusable("text that is neither hexadecimal nor base64", advice))
}

fn name(format: Format) -> &'static str {
    if format == Format::Hex { "hexadecimal text" } else { "base64 text" }
}

fn characters(text: &[u8]) -> String {
    let count = String::from_utf8_lossy(text::trimmed(text)).chars().count();
    format!("{count} characters")
}

/// What text stands for bytes again.
fn again(text: &[u8]) -> Option<Format> {
    match text::hex(text) {
        Some(_) => Some(Format::Hex),
        None => text::base64(text).map(|_| Format::Base64),
    }
}

/// Whether it is characters that people write, in UTF-8, and line ends.
fn is_written(bytes: &[u8]) -> bool {
    let is_sign = |sign: char| !sign.is_control() || "\t\r\n".contains(sign);
    std::str::from_utf8(bytes).is_ok_and(|text| text.chars().all(is_sign))
}

/// What to call text whose lines, or words, are keys by themselves: components of a key would be joined where they must be combined.
///
/// Tools that break lines fill all but the last: `xxd -p` after 30 bytes, `openssl base64` after 48, `base64` after 57. So a line
/// that is shorter than its successor ends a key, and so do lines that are all as long and each a key. One key whose lines look
/// like that is none that tools write by themselves: 48 bytes twice are 96, which is no length of a key. A last line that is
/// shorter is taken for the rest of a key that was broken: 64 bytes in base64 are lines of 48 and 16.
fn several(text: &[u8]) -> Option<String> {
    let is_end = |byte: &u8| b"\r\n".contains(byte);
    let is_between = |byte: &u8| byte.is_ascii_whitespace() || b":,;".contains(byte);
    let lines = keys(text.split(is_end)).map(|found| (found, "line"));
    let ((count, length), word) = lines.or_else(|| keys(text.split(is_between)).map(|found| (found, "word")))?;
    let each = length.map(|length| format!(" of {}", plural(length))).unwrap_or_default();
    Some(format!("{count} {word}s of text, each of which is a key{each}"))
}

/// How many keys the pieces of a text are, if they are more than one, and of how many bytes, if all are as long.
fn keys<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Option<(usize, Option<usize>)> {
    let pieces: Vec<&[u8]> = pieces.map(text::trimmed).filter(|piece| !piece.is_empty()).collect();
    let (first, rest) = pieces.split_first()?;
    let is_broken = rest
        .split_last()
        .is_none_or(|(last, full)| last.len() < first.len() && full.iter().all(|piece| piece.len() == first.len()));
    if is_broken {
        return None;
    }
    let lengths: Vec<usize> =
        pieces.iter().map_while(|piece| length(piece).filter(|length| KEYS.contains(length))).collect();
    let same = lengths.windows(2).all(|pair| pair[0] == pair[1]);
    (lengths.len() == pieces.len()).then(|| (lengths.len(), same.then_some(lengths[0])))
}

/// The bytes that text stands for.
fn length(text: &[u8]) -> Option<usize> {
    match text::hex(text) {
        Some(decoded) => decoded.ok().map(|bytes| bytes.len()),
        None => text::base64(text).map(|bytes| bytes.len()),
    }
}
