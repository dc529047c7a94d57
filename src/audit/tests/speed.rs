//! How many lines a second are on the disk. `cargo test --release --lib audit::tests::speed -- --ignored --nocapture`

use std::time::Instant;

use super::{Desk, event};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures, and asserts nothing"]
async fn durable_lines_a_second() {
    for (writers, each) in [(1, 500), (64, 100)] {
        let desk = Desk::new();
        let log = desk.open();
        let begun = Instant::now();
        let tasks = (0..writers).map(|_| {
            let log = log.clone();
            tokio::spawn(async move {
                for number in 0..each {
                    log.begin().unwrap().write(&event(number), true).await.unwrap();
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        let rate = f64::from(writers) * each as f64 / begun.elapsed().as_secs_f64();
        println!("{writers} writers: {rate:.0} durable lines a second");
    }
}
