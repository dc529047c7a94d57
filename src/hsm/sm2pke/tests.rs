//! Ciphertexts of known points: the standard's own example, and vectors made by other code.

#![allow(clippy::unwrap_used)]

mod vectors;

use sm2::{Scalar, SecretKey};

use super::*;
use vectors::{KDF_OF_ZEROS, KEY, OPENED, STANDARD, Vector};

fn bytes(hex: &str) -> Vec<u8> {
    base16ct::lower::decode_vec(hex).unwrap()
}

fn key() -> SecretKey {
    SecretKey::from_slice(&bytes(KEY)).unwrap()
}

fn read(bytes: &[u8]) -> Option<Ciphertext<'_>> {
    Ciphertext::read(&key().public_key(), bytes)
}

impl Vector {
    fn raw(&self) -> Vec<u8> {
        [self.c1, self.c3, self.c2].map(bytes).concat()
    }

    fn open(&self, ciphertext: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let [x, beside] = [self.x, self.x_beside].map(bytes);
        read(ciphertext)?.open([&x, &beside])
    }
}

/// As a token does it, of the points that it is asked for.
fn opened_by_the_key(ciphertext: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let ciphertext = read(ciphertext)?;
    let [x, beside] = ciphertext.points().map(|point| {
        let point = PublicKey::from_sec1_bytes(&point).unwrap().to_projective();
        (point * *key().to_nonzero_scalar()).to_affine().x()
    });
    ciphertext.open([&x, &beside])
}

fn in_asn1(raw: &[u8]) -> Vec<u8> {
    der::Encode::to_der(&read(raw).unwrap().cipher).unwrap()
}

/// The ciphertext whose point is the negative of this one's.
fn negated(raw: &[u8]) -> Vec<u8> {
    let point = -*read(raw).unwrap().cipher.c1();
    [point.to_sec1_point(false).as_bytes(), &raw[65..]].concat()
}

#[test]
fn the_standards_example_is_opened_in_either_form() {
    let raw = STANDARD.raw();
    assert_eq!(read(&raw).unwrap().points()[0], raw[..65]);
    for ciphertext in [raw.clone(), in_asn1(&raw)] {
        assert_eq!(**STANDARD.open(&ciphertext).unwrap(), *STANDARD.plain);
        assert_eq!(**opened_by_the_key(&ciphertext).unwrap(), *STANDARD.plain);
    }
}

#[test]
fn whichever_y_is_right_and_whatever_begins_with_zeros_is_opened() {
    for vector in OPENED {
        let raw = vector.raw();
        for ciphertext in [raw.clone(), in_asn1(&raw)] {
            assert_eq!(**vector.open(&ciphertext).expect(vector.what), *vector.plain, "{}", vector.what);
            assert_eq!(**opened_by_the_key(&ciphertext).unwrap(), *vector.plain, "{}", vector.what);
        }
    }
}

#[test]
fn the_negative_of_a_point_is_not_the_point() {
    for vector in OPENED.iter().chain([&STANDARD]) {
        let raw = vector.raw();
        for negated in [negated(&raw), in_asn1(&negated(&raw))] {
            assert!(read(&negated).is_some(), "{}", vector.what);
            assert!(opened_by_the_key(&negated).is_none(), "{}", vector.what);
        }
        assert_eq!(negated(&negated(&raw)), raw);
    }
}

#[test]
fn what_the_token_shows_of_the_second_point_must_follow_from_the_first() {
    for vector in OPENED.iter().chain([&STANDARD]) {
        let raw = vector.raw();
        let (ciphertext, x) = (read(&raw).unwrap(), bytes(vector.x));
        for beside in [&[0; 32], &x[..], &AffinePoint::GENERATOR.x(), &x[..31], &[]] {
            assert!(ciphertext.open([&x, beside]).is_none(), "{}: {beside:?}", vector.what);
        }
        for x in [&[0; 31][..], &[0xff; 32], &[]] {
            assert!(ciphertext.open([x, &bytes(vector.x_beside)]).is_none(), "{}: {x:?}", vector.what);
        }
    }
}

#[test]
fn where_the_sum_would_be_infinity_it_is_the_difference() {
    let minus_one = ProjectivePoint::GENERATOR * -Scalar::ONE;
    let raw = [minus_one.to_affine().to_sec1_point(false).as_bytes(), &STANDARD.raw()[65..]].concat();
    let [_, beside] = read(&raw).unwrap().points();
    let minus_two = -ProjectivePoint::GENERATOR.double();
    assert_eq!(beside, minus_two.to_affine().to_sec1_point(false).as_bytes());
}

#[test]
fn no_bit_of_a_ciphertext_may_be_changed() {
    let good = STANDARD.raw();
    for bit in 0..8 * good.len() {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(STANDARD.open(&bad).is_none(), "bit {bit}");
    }
}

#[test]
fn a_mask_of_zeros_hides_nothing_and_is_refused() {
    assert_eq!(bytes(KDF_OF_ZEROS.c2), KDF_OF_ZEROS.plain, "encrypted to itself");
    assert!(KDF_OF_ZEROS.open(&KDF_OF_ZEROS.raw()).is_none());
    assert!(opened_by_the_key(&KDF_OF_ZEROS.raw()).is_none());
}

#[test]
fn what_is_no_ciphertext_is_not_read() {
    let good = STANDARD.raw();
    let mut off_the_curve = good.clone();
    off_the_curve[64] ^= 1;
    let der = in_asn1(&good);
    let longer = [&der[..], &[0]].concat();
    for bad in [&[][..], &[4], &[0x30], &good[..97], &off_the_curve, &good[1..], &der[..der.len() - 1], &longer] {
        assert!(read(bad).is_none(), "{bad:?}");
    }
}

/// One of DER's values.
fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, u8::try_from(content.len()).unwrap()], content].concat()
}

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;

/// An INTEGER, with a zero where the first bit is set.
fn integer(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let number = &number[zeros..];
    value(INTEGER, &if number[0] < 0x80 { number.to_vec() } else { [&[0], number].concat() })
}

#[test]
fn of_der_there_is_one_form() {
    let raw = STANDARD.raw();
    let (x, y, digest, text) = (&raw[1..33], &raw[33..65], &raw[65..97], &raw[97..]);
    let written = |members: &[Vec<u8>]| value(ASN1, &members.concat());
    let good = [integer(x), integer(y), value(OCTETS, digest), value(OCTETS, text)];
    assert_eq!(written(&good), in_asn1(&raw));
    let (whole, content) = (written(&good), good.concat());
    let with = |place: usize, member: Vec<u8>| {
        let mut members = good.clone();
        members[place] = member;
        written(&members)
    };
    let length = u8::try_from(content.len()).unwrap();
    // With a zero before it the first is not minimal, and without one the second is negative.
    assert!(x[0] < 0x80 && y[0] >= 0x80);
    #[rustfmt::skip]
    let bad = [
        ("an INTEGER that is not minimal", with(0, value(INTEGER, &[&[0], x].concat()))),
        ("an INTEGER of 33 bytes",         with(0, value(INTEGER, &[&[1], x].concat()))),
        ("an INTEGER of no byte",          with(0, value(INTEGER, &[]))),
        ("a negative INTEGER",             with(1, value(INTEGER, y))),
        ("an OCTET STRING for INTEGER",    with(1, value(OCTETS, y))),
        ("a digest that is short",         with(2, value(OCTETS, &digest[..31]))),
        ("a digest that is long",          with(2, value(OCTETS, &[digest, &[0]].concat()))),
        ("no digest",                      with(2, value(OCTETS, &[]))),
        ("no text",                        with(3, value(OCTETS, &[]))),
        ("three members",                  written(&good[..3])),
        ("five members",                   written(&[&good[..], &[value(OCTETS, &[1])]].concat())),
        ("a NULL behind them",             written(&[&good[..], &[vec![5, 0]]].concat())),
        ("indefinite length",              [&[ASN1, 0x80], &content[..], &[0, 0]].concat()),
        ("a length that is not minimal",   [&[ASN1, 0x82, 0, length], &content[..]].concat()),
        ("a member's that is not minimal", with(3, [&[OCTETS, 0x81, 19], text].concat())),
        ("a length that is too great",     [&[ASN1, length + 1], &content[..]].concat()),
        ("a length that is too small",     [&[ASN1, length - 1], &content[..]].concat()),
        ("a string in parts",              with(3, value(0x24, &value(OCTETS, text)))),
        ("a SET",                          [&[0x31], &whole[1..]].concat()),
    ];
    for (what, bad) in bad {
        assert!(read(&bad).is_none(), "{what}: {bad:02x?}");
    }
}
