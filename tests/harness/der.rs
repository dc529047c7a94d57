//! The little DER that tests write themselves.

/// A DER ECDSA-Sig-Value of the two halves that a token answers with.
pub fn ecdsa_signature(halves: &[u8]) -> Vec<u8> {
    let (r, s) = halves.split_at(halves.len() / 2);
    element(0x30, &[integer(r), integer(s)].concat())
}

/// An INTEGER of an unsigned big-endian number.
fn integer(number: &[u8]) -> Vec<u8> {
    let significant = &number[number.iter().take_while(|byte| **byte == 0).count()..];
    let sign: &[u8] = if significant.first().is_none_or(|byte| byte & 0x80 != 0) { &[0] } else { &[] };
    element(0x02, &[sign, significant].concat())
}

/// Tag, length, content.
pub fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut header = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => header.push(short),
        Ok(byte) => header.extend([0x81, byte]),
        Err(_) => header.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    [header, content.to_vec()].concat()
}

/// A PKCS#8 EC private key without its public point: for scalars that no library would write.
pub fn ec_pkcs8(curve_oid: &[u8], scalar: &[u8]) -> Vec<u8> {
    let algorithm =
        element(0x30, &[element(0x06, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]), element(0x06, curve_oid)].concat());
    let private_key = element(0x30, &[vec![0x02, 0x01, 0x01], element(0x04, scalar)].concat());
    element(0x30, &[vec![0x02, 0x01, 0x00], algorithm, element(0x04, &private_key)].concat())
}
