//! Access keys: made and ended beside the service that asks for them, and their secrets kept nowhere.

mod operator;
mod signing;
