//! Words on lines that every terminal has room for.

/// Columns of the narrowest usual terminal.
const COLUMNS: usize = 80;
/// The mark of a step and the blank behind it.
const MARK: usize = 2;
const INDENT: &str = "  ";

/// What is said and what is said of it, on one line where it fits, else with the latter beneath and broken between words. Each
/// line is in two parts; what has no blank in it, such as an ARN, is never broken.
pub(super) fn of(what: &str, more: &str) -> Vec<(String, String)> {
    if more.is_empty() {
        return vec![(what.to_owned(), String::new())];
    }
    let lead = if what.is_empty() { INDENT.to_owned() } else { format!("{what}  ") };
    if MARK + lead.chars().count() + more.chars().count() <= COLUMNS {
        return vec![(lead, more.to_owned())];
    }
    let mut lines = if what.is_empty() { Vec::new() } else { vec![(what.to_owned(), String::new())] };
    let mut line = String::new();
    for word in more.split_whitespace() {
        let with = MARK + INDENT.len() + line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && with > COLUMNS {
            lines.push((INDENT.to_owned(), std::mem::take(&mut line)));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push((INDENT.to_owned(), line));
    lines
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    fn texts(what: &str, more: &str) -> Vec<String> {
        of(what, more).into_iter().map(|(what, more)| what + &more).collect()
    }

    #[test]
    fn what_fits_stays_on_one_line_and_what_does_not_goes_beneath() {
        assert_eq!(texts("create the key", ""), ["create the key"]);
        assert_eq!(texts("create the key", "12 ms"), ["create the key  12 ms"]);
        let most = "m".repeat(COLUMNS - MARK - "what".len() - 2);
        assert_eq!(texts("what", &most), [format!("what  {most}")]);
        assert_eq!(texts("what", &format!("{most}m")), ["what".to_owned(), format!("  {most}m")]);
    }

    #[test]
    fn lines_are_broken_between_words_and_a_long_word_is_left_whole() {
        let more = "word ".repeat(30);
        let lines = texts("what", &more);
        assert!(lines.len() == 3 && lines.iter().all(|line| line.len() <= COLUMNS - MARK), "{lines:#?}");
        assert_eq!(lines.join(" ").split_whitespace().count(), 31);
        let arn = "a".repeat(100);
        assert_eq!(texts("", &format!("see {arn} there")), ["  see".to_owned(), format!("  {arn}"), "  there".to_owned()]);
    }
}
