//! Lists that come page by page, to their end.

use std::collections::HashSet;

use super::error::Local;

/// The markers that led from page to page so far.
#[derive(Debug, Default)]
pub(super) struct Markers(HashSet<String>);

impl Markers {
    /// The marker of the page that follows; `None` after the last.
    ///
    /// # Errors
    /// Where it leads back to a page that was there before: such a service is not followed.
    pub(super) fn follow(&mut self, truncated: bool, next_marker: String) -> Result<Option<String>, Local> {
        if !truncated {
            return Ok(None);
        }
        if !self.0.insert(next_marker.clone()) {
            return Err(Local::Answer("NextMarker leads back to a page that was there before".to_owned()));
        }
        Ok(Some(next_marker))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_goes_round_in_circles_is_not_followed() {
        let mut markers = Markers::default();
        for marker in ["a", "b"] {
            assert_eq!(markers.follow(true, marker.to_owned()), Ok(Some(marker.to_owned())));
        }
        assert!(markers.follow(true, "a".to_owned()).is_err());
        assert_eq!(Markers::default().follow(false, "a".to_owned()), Ok(None));
    }
}
