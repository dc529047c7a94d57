//! A way to PostgreSQL that is cut when a transaction has been committed there and before its answer has come down.
//!
//! It reads along what the two say to each other (PostgreSQL, Frontend/Backend Protocol), as far as that takes.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};

/// A TCP proxy before a PostgreSQL that listens on a socket.
pub struct PostgresProxy {
    /// The database behind it.
    pub url: String,
    order: Arc<Order>,
}

#[derive(Default)]
struct Order {
    /// A part of a statement: the first transaction with it is not answered.
    unanswered: Mutex<Option<&'static str>>,
    cuts: AtomicUsize,
}

/// What is known of one connection.
#[derive(Default)]
struct Course {
    /// The texts of prepared statements by their names.
    prepared: HashMap<Vec<u8>, String>,
    /// Whether a transaction of several statements is open.
    is_open: bool,
    /// What was run since the last end of a transaction.
    ran: String,
}

impl PostgresProxy {
    /// Before the database of this URL, as [`super::postgres::database`] gives it.
    pub async fn to(url: &str) -> Self {
        let (start, folder) = url.split_once("?host=").expect("a socket's folder");
        let socket = format!("{folder}/.s.PGSQL.5432");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let order = Arc::new(Order::default());
        let shared = order.clone();
        tokio::spawn(async move {
            while let Ok((below, _)) = listener.accept().await {
                // Nobody is there while it is killed.
                let Ok(above) = UnixStream::connect(&socket).await else { continue };
                tokio::spawn(carry(below, above, shared.clone()));
            }
        });
        Self { url: format!("{}?sslmode=disable", start.replace("localhost", &address)), order }
    }

    /// Cuts the connection over which the next transaction with a statement like this is committed, before anybody is told.
    pub fn lose_the_answer_to(&self, statement: &'static str) {
        *self.order.unanswered.lock().unwrap() = Some(statement);
    }

    /// How many answers were lost.
    pub fn lost(&self) -> usize {
        self.order.cuts.load(Ordering::SeqCst)
    }
}

async fn carry(below: TcpStream, above: UnixStream, order: Arc<Order>) {
    let (mut from_below, mut to_below) = below.into_split();
    let (mut from_above, mut to_above) = above.into_split();
    let course = Mutex::new(Course::default());
    let up = async {
        // The first message has no type.
        let length = from_below.read_u32().await.ok()?;
        let mut startup = vec![0; length.checked_sub(4)? as usize];
        from_below.read_exact(&mut startup).await.ok()?;
        to_above.write_all(&[&length.to_be_bytes()[..], &startup].concat()).await.ok()?;
        loop {
            let (kind, payload) = message(&mut from_below).await?;
            course.lock().unwrap().asked(kind, &payload);
            to_above.write_all(&framed(kind, &payload)).await.ok()?;
        }
    };
    let down = async {
        loop {
            let (kind, payload) = message(&mut from_above).await?;
            if kind == b'C' && course.lock().unwrap().ended(&payload, &order) {
                return Some(());
            }
            to_below.write_all(&framed(kind, &payload)).await.ok()?;
        }
    };
    // The end of one is the end of both: what is dropped closes its sockets.
    let _end: Option<()> = tokio::select! { end = up => end, end = down => end };
}

impl Course {
    /// Parse, Bind and Query.
    fn asked(&mut self, kind: u8, payload: &[u8]) {
        let mut strings = payload.split(|byte| *byte == 0);
        let mut next = || strings.next().unwrap_or_default().to_vec();
        match kind {
            b'P' => {
                let name = next();
                self.prepared.insert(name, String::from_utf8_lossy(&next()).into_owned());
            }
            b'B' => {
                let _portal = next();
                let text = self.prepared.get(&next()).cloned().unwrap_or_default();
                self.ran.push_str(&text);
            }
            b'Q' if next().starts_with(b"BEGIN") => (self.is_open, self.ran) = (true, String::new()),
            _ => {}
        }
    }

    /// CommandComplete: whether what it completes is to be told to nobody.
    fn ended(&mut self, tag: &[u8], order: &Order) -> bool {
        let ends = matches!(tag, b"COMMIT\0" | b"ROLLBACK\0");
        if self.is_open && !ends {
            return false;
        }
        self.is_open = false;
        let ran = std::mem::take(&mut self.ran);
        let mut unanswered = order.unanswered.lock().unwrap();
        // What changed nothing is not what is waited for.
        let is_it =
            tag != b"ROLLBACK\0" && !tag.ends_with(b" 0\0") && unanswered.is_some_and(|statement| ran.contains(statement));
        if is_it {
            *unanswered = None;
            order.cuts.fetch_add(1, Ordering::SeqCst);
        }
        is_it
    }
}

async fn message(from: &mut (impl AsyncRead + Unpin)) -> Option<(u8, Vec<u8>)> {
    let kind = from.read_u8().await.ok()?;
    let mut payload = vec![0; from.read_u32().await.ok()?.checked_sub(4)? as usize];
    from.read_exact(&mut payload).await.ok()?;
    Some((kind, payload))
}

fn framed(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len() + 4).expect("a message's length");
    [&[kind][..], &length.to_be_bytes(), payload].concat()
}
