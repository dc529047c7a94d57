//! The URL of an endpoint, taken apart: a scheme, a host and a port, and nothing that would be passed over in silence.

use std::net::{IpAddr, SocketAddr};

use tonic::codegen::http::Uri;

use crate::client::error::Misconfigured;

/// An endpoint's URL, taken apart.
#[derive(Clone, Debug)]
pub(in crate::client) struct Address {
    /// As it is told to the service: scheme and authority.
    pub(in crate::client) uri: Uri,
    /// A name or an IP address, this without brackets.
    pub(in crate::client) host: String,
    pub(in crate::client) port: u16,
    pub(in crate::client) is_https: bool,
}

impl Address {
    pub(super) fn parse(url: &str) -> Result<Self, Misconfigured> {
        // First of all, and wherever it stands: every other refusal repeats the URL, and there may be a password before it.
        if url.contains('@') {
            return Err(Misconfigured::Userinfo);
        }
        let not_a_url = || Misconfigured::NotAUrl(url.to_owned());
        let uri: Uri = url.parse().map_err(|_| not_a_url())?;
        let is_https = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(Misconfigured::Scheme(url.to_owned())),
        };
        let authority = uri.authority().ok_or_else(not_a_url)?;
        let host = Some(authority.host()).filter(|host| !host.is_empty()).ok_or_else(not_a_url)?;
        let port = match authority.as_str().strip_prefix(host) {
            Some("") => {
                if is_https {
                    443
                } else {
                    80
                }
            }
            Some(rest) => port(rest).ok_or_else(not_a_url)?,
            None => return Err(not_a_url()),
        };
        // A fragment is no part of the `Uri`: it is cut off.
        if uri.path() != "/" || uri.query().is_some() || url.contains('#') {
            return Err(Misconfigured::NotAnOrigin(url.to_owned()));
        }
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { host, port, is_https, uri })
    }

    pub(super) fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

/// Of the addresses that a name stands for, those that may be connected to where only this machine is believed: a name is what
/// whoever answers for names makes of it, `localhost` too.
///
/// # Errors
/// Says which they are, where none is left.
pub(in crate::client) fn loopback(addresses: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, String> {
    let (here, elsewhere): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|address| address.ip().is_loopback());
    if !here.is_empty() || elsewhere.is_empty() {
        return Ok(here);
    }
    let elsewhere: Vec<String> = elsewhere.iter().map(|address| address.ip().to_string()).collect();
    Err(format!(
        "that name is not this machine here, but {}: use https with a check of the certificate, or 127.0.0.1",
        elsewhere.join(", ")
    ))
}

/// What `:8443` says.
fn port(text: &str) -> Option<u16> {
    let digits = text.strip_prefix(':').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse().ok().filter(|port| *port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        for (url, host, port) in [
            ("https://keyferry.example", "keyferry.example", 443),
            ("https://[2001:db8::1]:8443/", "2001:db8::1", 8443),
            ("https://[2001:db8::1]", "2001:db8::1", 443),
            ("http://localhost", "localhost", 80),
            ("http://localhost:65535", "localhost", 65535),
        ] {
            let address = Address::parse(url).unwrap();
            assert_eq!((address.host.as_str(), address.port), (host, port), "{url}");
        }
    }

    #[test]
    fn a_port_that_is_none_is_not_taken_for_the_usual_one() {
        for port in ["84979", "65536", "0", "", "+80", "-1", "8o", "80:80", "99999999999999999999"] {
            for host in ["http://localhost", "https://[::1]"] {
                let url = format!("{host}:{port}");
                assert_eq!(Address::parse(&url).unwrap_err(), Misconfigured::NotAUrl(url.clone()), "{url}");
            }
        }
    }

    #[test]
    fn what_would_be_passed_over_is_refused() {
        for rest in ["/v1", "//", "?", "?a=b", "/?a", "#", "#a", "/#a", "/a/"] {
            let url = format!("https://localhost:1{rest}");
            assert_eq!(Address::parse(&url).unwrap_err(), Misconfigured::NotAnOrigin(url.clone()), "{url}");
        }
        assert_eq!(
            Misconfigured::NotAnOrigin("https://x/v1".to_owned()).to_string(),
            "the endpoint \"https://x/v1\" has more than a scheme, a host and a port, which nothing would come of: leave the rest away"
        );
    }

    #[test]
    fn a_url_with_a_password_is_refused_and_not_repeated() {
        for url in [
            "https://me:s3cret@localhost:1",
            "https://me@localhost",
            "http://:s3cret@[::1]:99999",
            "ftp://me:s3cret@localhost",
            "me:s3cret@localhost",
            "https://me:s3/cret@localhost",
            "https://me:s3 cret@localhost",
            "https://@localhost",
        ] {
            let refusal = Address::parse(url).unwrap_err();
            assert_eq!(refusal, Misconfigured::Userinfo, "{url}");
            assert_eq!(
                refusal.to_string(),
                "the endpoint URL has a user name or a password in it (what stands before an @): leave it away, the service \
                 knows its callers by their certificates"
            );
        }
    }

    #[test]
    fn a_name_for_this_machine_is_believed_by_its_addresses() {
        let addresses = |all: &[&str]| all.iter().map(|address| address.parse().unwrap()).collect::<Vec<SocketAddr>>();
        let here = addresses(&["127.0.0.1:1", "[::1]:1"]);
        assert_eq!(loopback(here.clone()), Ok(here));
        let mixed = addresses(&["192.0.2.1:1", "127.0.0.1:1", "[2001:db8::1]:1"]);
        assert_eq!(loopback(mixed), Ok(addresses(&["127.0.0.1:1"])));
        assert_eq!(
            loopback(addresses(&["192.0.2.1:1", "[::ffff:192.0.2.2]:1"])).unwrap_err(),
            "that name is not this machine here, but 192.0.2.1, ::ffff:192.0.2.2: use https with a check of the certificate, \
             or 127.0.0.1"
        );
    }
}
