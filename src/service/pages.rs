//! Pages of lists that go by a name. A marker is the last name of the page before, in base64url.

use base64ct::{Base64UrlUnpadded, Encoding};

use super::Error;
use crate::model::invalid::{text, within};

/// Which page is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// How many at most.
    pub(super) limit: usize,
    /// Behind which name; from the beginning where absent.
    pub(super) after: Option<String>,
}

impl Wanted {
    /// So many as asked, `usual` where nothing was said and `most` at most, from behind the marker.
    ///
    /// # Errors
    /// Where the limit is out of range or the marker none of ours.
    pub(super) fn of(limit: Option<i32>, usual: i32, most: i32, marker: Option<String>) -> Result<Self, Error> {
        let limit = within("limit", limit.unwrap_or(usual), 1, most)?.unsigned_abs() as usize;
        let marker = marker.map(|marker| text("marker", marker, 1, 1024)).transpose()?;
        let after = marker.map(|marker| name_in(&marker).ok_or(Error::InvalidMarker)).transpose()?;
        Ok(Self { limit, after })
    }

    /// Cuts a page from what follows [`Wanted::after`], and says how the next is asked for where there is one.
    pub(super) fn cut<T>(&self, mut following: Vec<T>, name: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
        let truncated = following.len() > self.limit;
        following.truncate(self.limit);
        let last = following.last().filter(|_| truncated);
        let marker = last.map(|last| Base64UrlUnpadded::encode_string(name(last).as_bytes()));
        (following, marker)
    }
}

fn name_in(marker: &str) -> Option<String> {
    let name = String::from_utf8(Base64UrlUnpadded::decode_vec(marker).ok()?).ok()?;
    (!name.is_empty() && !name.contains('\0')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_to_the_end() {
        let all: Vec<String> = ["a", "z", "ä"].map(str::to_owned).into();
        let (mut seen, mut marker) = (Vec::new(), None);
        loop {
            let wanted = Wanted::of(Some(2), 50, 50, marker).unwrap();
            let following = all.iter().filter(|name| wanted.after.as_ref().is_none_or(|after| *name > after)).cloned();
            let (page, next) = wanted.cut(following.collect(), String::clone);
            seen.push(page.len());
            marker = next;
            if marker.is_none() {
                break;
            }
        }
        assert_eq!(seen, [2, 1]);
    }

    #[test]
    fn a_marker_is_one_that_was_given() {
        for wrong in ["%", "YQ==", "AA", "_w"] {
            assert!(matches!(Wanted::of(None, 50, 50, Some(wrong.to_owned())), Err(Error::InvalidMarker)), "{wrong}");
        }
        assert!(matches!(Wanted::of(None, 50, 50, Some(String::new())), Err(Error::Invalid(_))));
        assert!(matches!(Wanted::of(Some(51), 50, 50, None), Err(Error::Invalid(_))));
        assert!(matches!(Wanted::of(Some(0), 50, 50, None), Err(Error::Invalid(_))));
    }
}
