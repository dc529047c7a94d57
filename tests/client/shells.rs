//! What shells complete and what `man` shows.

use std::path::Path;
use std::process::Command;

use super::desk::{Desk, Run};

/// Completes the last of these words in bash, as the Tab key does: `complete` names the function, and it is called.
const COMPLETE: &str = r#"
source ./keyferry.bash
[[ $(complete -p keyferry) =~ ' -F '([^ ]+) ]] || exit 3
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
"${BASH_REMATCH[1]}" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"#;

/// Whether there is such a program; says where there is none.
#[allow(clippy::print_stdout)]
fn has(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        println!("{program} is not here: not tried");
    }
    found
}

fn run(desk: &Desk, program: &str, arguments: &[&str]) -> Run {
    let mut command = Command::new(program);
    desk.furnish(&mut command);
    Run::of(command.args(arguments).output().unwrap())
}

#[test]
fn bash_completes_verbs_options_and_names() {
    let desk = Desk::bare();
    desk.write("keyferry.bash", desk.ok(&["completions", "bash"]));
    let checked = run(&desk, "bash", &["-n", "keyferry.bash"]);
    assert_eq!((checked.code, checked.stderr.as_str()), (0, ""));
    #[rustfmt::skip]
    let cases: [(&[&str], &[&str]); 8] = [
        (&["get-par"],                                                    &["get-parameters-for-import"]),
        (&["get-parameters-for-import", "--wrapping-key-spec", ""],       &["RSA_2048", "RSA_3072", "RSA_4096", "SM2"]),
        (&["get-parameters-for-import", "--wrapping-algorithm", "RSAES"], &["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "RSAES_PKCS1_V1_5"]),
        (&["list-keys", "--max"],                                         &["--max-items"]),
        (&["list-keys", "--output", "y"],                                 &["yaml", "yaml-stream"]),
        (&["describe-key", "--cli-b"],                                    &["--cli-binary-format"]),
        (&["describe-key", "--generate-cli-skeleton", "o"],               &["output"]),
        (&["configure", "list-"],                                         &["list-profiles"]),
    ];
    for (words, expected) in cases {
        let completed = run(&desk, "bash", &[&["-c", COMPLETE, "bash", "keyferry"], words].concat());
        assert_eq!((completed.code, completed.stderr.as_str()), (0, ""), "{words:?}");
        assert_eq!(completed.stdout.lines().collect::<Vec<_>>(), expected, "{words:?}");
    }
}

#[test]
fn zsh_and_fish_have_theirs() {
    let desk = Desk::bare();
    for (shell, begins, option) in
        [("zsh", "#compdef keyferry\n", "'--wrapping-key-spec="), ("fish", "# Print", "-l wrapping-key-spec")]
    {
        let script = desk.ok(&["completions", shell]);
        assert!(script.starts_with(begins), "{shell}: {}", &script[..80]);
        for word in ["get-parameters-for-import", "import-key-material", "RSA_4096", "yaml-stream", option] {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
        desk.write("script", script);
        if has(shell) {
            let checked = run(&desk, shell, &["-n", "script"]);
            assert_eq!((checked.code, checked.stderr.as_str()), (0, ""), "{shell}");
        }
    }
}

#[test]
fn every_command_has_a_manual_page_that_groff_has_nothing_to_say_about() {
    let desk = Desk::bare();
    assert_eq!(desk.ok(&["man", "pages/of/mine"]), "");
    let mut pages: Vec<String> = std::fs::read_dir(desk.path("pages/of/mine"))
        .unwrap()
        .map(|page| page.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort_unstable();
    for page in ["keyferry.1", "keyferry-get-parameters-for-import.1", "keyferry-wrap.1", "keyferry-configure-list.1"] {
        assert!(pages.contains(&page.to_owned()), "{page} of {pages:?}");
    }
    let has_groff = has("groff");
    for page in &pages {
        let path = Path::new("pages/of/mine").join(page).display().to_string();
        let text = std::fs::read_to_string(desk.path(&path)).unwrap();
        assert!(text.contains(".SH SYNOPSIS") && text.to_uppercase().contains(".SH \"GLOBAL OPTIONS\""), "{page}");
        if has_groff {
            let checked = run(&desk, "groff", &["-man", "-Tutf8", "-ww", "-z", &path]);
            assert_eq!((checked.code, checked.stderr.as_str()), (0, ""), "{page}");
        }
    }
    let nowhere = desk.run(&["man", "/dev/null/pages"]);
    assert_eq!(nowhere.code, 255);
    assert!(nowhere.stderr.contains("/dev/null/pages: "), "{}", nowhere.stderr);
}
