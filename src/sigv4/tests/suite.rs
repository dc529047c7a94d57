//! The AWS Signature Version 4 test suite: every vector whose request can be one of HTTP. Those with a space in the path cannot.

use http::request::Parts;
use time::Month;

use super::super::{Scope, Signed, SigningKey};
use super::{SECRET, at, parts};

type Headers = &'static [(&'static str, &'static str)];

const UNRESERVED: &str = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

fn passes(request: &Parts, body: &str) -> bool {
    let scope = Scope { region: "us-east-1", service: "service" };
    let now = at(2015, Month::August, 30, 12, 36, 0);
    let signed = Signed::read(request, body.as_bytes(), &scope, now).unwrap();
    assert_eq!((signed.access_key_id(), signed.date()), ("AKIDEXAMPLE", "20150830"));
    signed.matches(&SigningKey::derive(SECRET, signed.date(), scope.region, scope.service))
}

fn request(method: &str, target: &str, headers: &[(&str, &str)], names: &str, signature: &str) -> Parts {
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders={names}, Signature={signature}"
    );
    let mut all = vec![("Host", "example.amazonaws.com"), ("X-Amz-Date", "20150830T123600Z")];
    all.extend(headers);
    all.push(("Authorization", &authorization));
    parts(method, target, &all)
}

#[test]
fn paths_and_queries_of_the_suite_pass() {
    let slash = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
    let (unreserved, reserved_query) = (format!("/{UNRESERVED}"), format!("/?{UNRESERVED}={UNRESERVED}"));
    #[rustfmt::skip]
    let vectors = [
        ("GET",  "/",                            slash), // get-vanilla, get-vanilla-query
        ("GET",  "/?Param1=value1",              "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"),
        ("GET",  "/?Param2=value2&Param1=value1", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
        ("GET",  "/?Param1=value2&Param1=value1", "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"),
        ("GET",  "/?ሴ=bar",                      "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"),
        ("GET",  reserved_query.as_str(),        "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"),
        ("GET",  unreserved.as_str(),            "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
        ("GET",  "/ሴ",                           "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
        ("GET",  "/example/..",                  slash), // get-relative
        ("GET",  "/example1/example2/../..",     slash), // get-relative-relative
        ("GET",  "//",                           slash), // get-slash
        ("GET",  "/./",                          slash), // get-slash-dot-slash
        ("GET",  "/./example",                   "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"),
        ("GET",  "//example//",                  "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
        ("POST", "/",                            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        ("POST", "/?Param1=value1",              "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"),
    ];
    for (method, target, signature) in vectors {
        assert!(passes(&request(method, target, &[], "host;x-amz-date", signature), ""), "{method} {target}");
    }
}

#[test]
fn headers_and_bodies_of_the_suite_pass() {
    const FORM: &str = "application/x-www-form-urlencoded";
    const WITH_PARAMETER: &str = "application/x-www-form-urlencoded; charset=utf8";
    #[rustfmt::skip]
    let vectors: [(&str, Headers, &str, &str, &str); 8] = [
        ("GET",  &[("My-Header1", "value2"), ("My-Header1", "value2"), ("My-Header1", "value1")], "", "host;my-header1;x-amz-date",
                 "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"), // get-header-key-duplicate
        ("GET",  &[("My-Header1", "value4"), ("My-Header1", "value1"), ("My-Header1", "value3"), ("My-Header1", "value2")], "",
                 "host;my-header1;x-amz-date", "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"), // get-header-value-order
        // get-header-value-multiline: a server reads each fold as spaces (RFC 9112, section 5.2).
        ("GET",  &[("My-Header1", "value1   value2     value3")], "", "host;my-header1;x-amz-date",
                 "cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd"),
        ("GET",  &[("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")], "", "host;my-header1;my-header2;x-amz-date",
                 "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"), // get-header-value-trim
        ("POST", &[("My-Header1", "value1")], "", "host;my-header1;x-amz-date",
                 "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"), // post-header-key-sort
        ("POST", &[("My-Header1", "VALUE1")], "", "host;my-header1;x-amz-date",
                 "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"), // post-header-value-case
        ("POST", &[("Content-Type", FORM)], "Param1=value1", "content-type;host;x-amz-date",
                 "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"), // post-x-www-form-urlencoded
        ("POST", &[("Content-Type", WITH_PARAMETER)], "Param1=value1", "content-type;host;x-amz-date",
                 "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe"), // post-x-www-form-urlencoded-parameters
    ];
    for (method, headers, body, names, signature) in vectors {
        assert!(passes(&request(method, "/", headers, names, signature), body), "{headers:?}");
    }
}
