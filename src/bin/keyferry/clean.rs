//! Words of others on a terminal: what a terminal would obey is shown and not sent.

/// The text without anything that a terminal obeys but line ends and tabs: controls as `\u{1b}`, marks of writing direction too.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|letter| if letter == '\n' { letter.to_string() } else { shown(letter) }).collect()
}

/// The same of what is to stay on its line.
pub(crate) fn clean_line(text: &str) -> String {
    clean(&text.replace('\n', " "))
}

fn shown(letter: char) -> String {
    let is_direction = matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    match letter {
        '\t' => letter.to_string(),
        _ if letter.is_control() || is_direction => letter.escape_unicode().to_string(),
        _ => letter.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_gets_nothing_to_obey() {
        assert_eq!(
            clean("a\u{1b}[2J\u{9b}31m\r\u{7f}\u{202e}ü\tb\nc"),
            "a\\u{1b}[2J\\u{9b}31m\\u{d}\\u{7f}\\u{202e}ü\tb\nc"
        );
        assert_eq!(clean_line("a\nb\r"), "a b\\u{d}");
    }
}
