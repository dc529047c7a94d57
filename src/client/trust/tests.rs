use super::*;

/// SPKI of a P-256 key: the generator of the curve (SEC 2 §2.4.2).
const SPKI: &str = "3059301306072a8648ce3d020106082a8648ce3d030107034200046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";

fn der() -> Vec<u8> {
    base16ct::lower::decode_vec(SPKI).unwrap()
}

#[test]
fn the_key_is_read_in_each_form_that_it_is_handed_over_in() {
    let trust = Trust::read(&der()).unwrap();
    assert_eq!(trust.key_id(), <[u8; 32]>::from(Sha256::digest(der())));
    let pem = spki::pem(&der()).unwrap();
    let base64 = Base64::encode_string(&der());
    let folded = format!("{}\n{}\n", &base64[..64], &base64[64..]);
    for form in [pem.clone(), format!("attestation\n{pem}"), pem.replace('\n', "\r\n"), base64.clone(), folded] {
        assert_eq!(Trust::read(form.as_bytes()).as_ref(), Ok(&trust), "{form}");
    }
}

#[test]
fn a_compressed_point_is_the_same_signer() {
    let mut short = der()[..26].to_vec();
    short.extend([&[3], &der()[27..59]].concat());
    (short[1], short[24]) = (0x39, 0x22);
    assert_eq!(Trust::read(&short), Trust::read(&der()));
}

#[test]
fn what_signs_no_statements_is_refused_and_called_by_its_name() {
    let rsa = spki::rsa(&[0xFF; 256], &[1, 0, 1]).unwrap();
    let (pem, rsa_pem) = (spki::pem(&der()).unwrap(), spki::pem(&rsa).unwrap());
    let private = pem.replace("PUBLIC", "PRIVATE");
    #[rustfmt::skip]
    let cases = [
        (rsa,                              "expected an EC public key on P-256"),
        (rsa_pem.into_bytes(),             "expected an EC public key on P-256"),
        (der()[..90].to_vec(),             "expected an EC public key on P-256"),
        (b"".to_vec(),                     "expected an EC public key on P-256"),
        (b"no key at all".to_vec(),        "it is neither PEM nor DER nor base64"),
        (format!("{pem}{pem}").into(),     "it holds several PEM blocks, expected one"),
        (private.into_bytes(),             "expected the PEM of a PUBLIC KEY"),
    ];
    for (file, why) in cases {
        assert_eq!(Trust::read(&file), Err(Untrusted::Key(why.to_owned())));
    }
}
