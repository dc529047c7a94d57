//! The command line that completes what broke off: as it was typed, with the key in the place of what was said of a new one.

use crate::clean::clean_line;

/// What only a key that is made takes.
const OF_A_NEW_KEY: [&str; 3] = ["--key-spec", "--key-usage", "--description"];
const KEY: &str = "--key-id";
/// Behind it there are no options.
const END: &str = "--";

/// The command of these words, the program first, to the key of this id.
pub(super) fn command(typed: impl IntoIterator<Item = String>, id: &str) -> String {
    let (mut words, mut typed) = (vec!["keyferry".to_owned()], typed.into_iter().skip(1));
    let (mut is_named, mut rest) = (false, Vec::new());
    while let Some(word) = typed.next() {
        let name = word.split('=').next().unwrap_or_default();
        if word == END {
            rest = std::iter::once(word).chain(typed).collect();
            break;
        }
        if OF_A_NEW_KEY.contains(&name) {
            // What it is said to be is part of the word, or the next one.
            if name == word {
                let _what = typed.next();
            }
            continue;
        }
        is_named |= name == KEY;
        words.push(word);
    }
    if !is_named {
        words.extend([KEY.to_owned(), id.to_owned()]);
    }
    words.extend(rest);
    words.iter().map(|word| quoted(&clean_line(word))).collect::<Vec<_>>().join(" ")
}

/// A word as a shell takes it for one.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=,@%+".contains(letter);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(typed: &[&str]) -> String {
        command(typed.iter().map(|word| (*word).to_owned()), "mrk-1")
    }

    #[test]
    fn the_key_takes_the_place_of_what_a_new_one_was_to_be() {
        #[rustfmt::skip]
        let cases: [(&[&str], &str); 6] = [
            (&["/bin/keyferry", "import", "KEY", "--regions", "a,b"],             "keyferry import KEY --regions a,b --key-id mrk-1"),
            (&["k", "import", "KEY", "--key-usage", "SIGN_VERIFY", "--color=on"], "keyferry import KEY --color=on --key-id mrk-1"),
            (&["k", "import", "--description=of mine", "--key-spec", "X", "KEY"], "keyferry import KEY --key-id mrk-1"),
            (&["k", "import", "KEY", "--key-id", "arn:mrk-1"],                    "keyferry import KEY --key-id arn:mrk-1"),
            (&["k", "import", "KEY", "--key-id=mrk-1"],                           "keyferry import KEY --key-id=mrk-1"),
            (&["k", "import", "--regions", "a", "--", "--key-spec"],              "keyferry import --regions a --key-id mrk-1 -- --key-spec"),
        ];
        for (typed, expected) in cases {
            assert_eq!(again(typed), expected, "{typed:?}");
        }
    }

    #[test]
    fn a_shell_reads_the_words_as_they_were() {
        let typed = ["k", "import", "my key", "--endpoint-url", "https://{region}.x", "it's", "$HOME", "", "\u{1b}[2J"];
        let expected =
            "keyferry import 'my key' --endpoint-url 'https://{region}.x' 'it'\\''s' '$HOME' '' '\\u{1b}[2J' --key-id mrk-1";
        assert_eq!(again(&typed), expected);
    }
}
