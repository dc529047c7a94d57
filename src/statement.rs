//! Signed statements: what the token says of a wrapping key or of imported material, for those who need not trust the courier.
