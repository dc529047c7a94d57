//! `keyferry import KEYFILE` as its users run it, against a service.
