//! Where the commands come from: a script at the start, then a socket.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use crate::{command, complain};

/// Runs the script and opens the socket, where the environment names them.
///
/// # Errors
/// Where one that is named does not do: a test that believes in faults which nobody causes would prove nothing.
pub(crate) fn start() -> Result<(), String> {
    if let Some(script) = std::env::var_os("PKCS11_FAULTS_SCRIPT") {
        run(Path::new(&script))?;
    }
    if let Some(socket) = std::env::var_os("PKCS11_FAULTS_SOCKET") {
        listen(Path::new(&socket)).map_err(|error| format!("PKCS11_FAULTS_SOCKET: {}: {error}", socket.display()))?;
    }
    Ok(())
}

fn run(script: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(script);
    let text = text.map_err(|error| format!("PKCS11_FAULTS_SCRIPT: {}: {error}", script.display()))?;
    for (index, line) in text.lines().enumerate() {
        if let Some(reason) = command::obey(line).strip_prefix("error ") {
            return Err(format!("PKCS11_FAULTS_SCRIPT: {}:{}: {}", script.display(), index + 1, reason.trim_end()));
        }
    }
    Ok(())
}

fn listen(path: &Path) -> std::io::Result<()> {
    // One that a process before this left behind takes no connections any more.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    let serve = move || {
        for stream in listener.incoming().flatten() {
            // Each has a thread of its own, so that nobody waits for somebody who says nothing.
            let served = std::thread::Builder::new().name("pkcs11-faults".to_owned()).spawn(move || converse(&stream));
            if let Err(error) = served {
                complain(&format!("no thread for a connection: {error}"));
            }
        }
    };
    std::thread::Builder::new().name("pkcs11-faults".to_owned()).spawn(serve)?;
    Ok(())
}

fn converse(stream: &UnixStream) {
    let mut answers = stream;
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        if answers.write_all(command::obey(&line).as_bytes()).is_err() {
            return;
        }
    }
}
