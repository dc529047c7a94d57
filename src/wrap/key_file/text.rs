//! Bytes written as text: hexadecimal and base64 (RFC 4648), as people and tools write them.

use base64ct::{Base64Unpadded, Base64UrlUnpadded, Encoding};

use crate::wrap::Locked;

/// Without a byte order mark and blanks at the ends.
pub(super) fn trimmed(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii()
}

/// The hexadecimal digits of the text, if it is nothing but pairs of them, colons or blanks between the pairs, and `0x` before
/// them; an odd one may be left over.
fn hex_digits(text: &[u8]) -> Option<Locked> {
    let text = text.strip_prefix(b"0x").or(text.strip_prefix(b"0X")).unwrap_or(text);
    let mut digits = Locked::zeroed(text.len());
    let mut count = 0;
    for byte in text {
        let between = count % 2 == 0 && (*byte == b':' || byte.is_ascii_whitespace());
        if byte.is_ascii_hexdigit() {
            digits[count] = *byte;
            count += 1;
        } else if !between {
            return None;
        }
    }
    digits.truncate(count);
    (count > 0).then_some(digits)
}

/// The bytes that hexadecimal text stands for; `Err` tells how many digits there are where their number is odd.
pub(super) fn hex(text: &[u8]) -> Option<Result<Locked, usize>> {
    let digits = hex_digits(text)?;
    let mut bytes = Locked::zeroed(digits.len() / 2);
    Some(match base16ct::mixed::decode(&*digits, &mut bytes) {
        Ok(_) => Ok(bytes),
        Err(_) => Err(digits.len()),
    })
}

/// The bytes that base64 text stands for: of either alphabet but not of both, padded or not, on one line or several.
pub(super) fn base64(text: &[u8]) -> Option<Locked> {
    let mut symbols = Locked::zeroed(text.len());
    let mut count = 0;
    for byte in text.iter().filter(|byte| !b"\r\n".contains(byte)) {
        symbols[count] = *byte;
        count += 1;
    }
    let padding = symbols[..count].iter().rev().take_while(|byte| **byte == b'=').count();
    if padding > 2 || (padding > 0 && !count.is_multiple_of(4)) || count == padding {
        return None;
    }
    symbols.truncate(count - padding);
    let mut bytes = Locked::zeroed(symbols.len());
    let length = match symbols.iter().any(|byte| b"-_".contains(byte)) {
        true => Base64UrlUnpadded::decode(&*symbols, &mut bytes),
        false => Base64Unpadded::decode(&*symbols, &mut bytes),
    };
    let length = length.ok()?.len();
    bytes.truncate(length);
    Some(bytes)
}
