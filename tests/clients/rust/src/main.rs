// SPDX-License-Identifier: Apache-2.0
//! The programme of rdkafka: rust-client BOOTSTRAP PREFIX COMMAND [ARGUMENT…].

mod checks;
mod cluster;
mod journey;
mod packages;

use checks::Failed;
use cluster::Cluster;
use journey::Journey;

fn run(arguments: &[&str]) -> Result<(), Failed> {
    match arguments {
        [bootstrap, prefix, "journey"] => Journey::new(&Cluster::new(bootstrap)?, prefix).run(),
        [bootstrap, group, "package-read", topic, count] => {
            packages::read(&Cluster::new(bootstrap)?, topic, group, count.parse()?)
        }
        _ => return Err("rust-client BOOTSTRAP PREFIX COMMAND [ARGUMENT…]".into()),
    }
    println!("END");
    Ok(())
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Err(Failed(why)) = run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()) {
        eprintln!("{why}");
        std::process::exit(1);
    }
}
