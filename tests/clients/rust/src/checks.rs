// SPDX-License-Identifier: Apache-2.0
//! Named checks, printed one a line as the harness reads them: `PASS name` or `FAIL name: why`.

use std::fmt::{Debug, Display};
use std::time::{Duration, Instant};

pub const PATIENCE: Duration = Duration::from_secs(90);

/// Why a check failed.
pub struct Failed(pub String);

impl<E: Display> From<E> for Failed {
    fn from(error: E) -> Self {
        Failed(error.to_string())
    }
}

pub type Outcome<T = ()> = Result<T, Failed>;

/// Runs one check; returns whether it passed.
pub fn check(name: &str, body: impl FnOnce() -> Outcome) -> bool {
    match body() {
        Ok(()) => println!("PASS {name}"),
        Err(Failed(why)) => {
            println!("FAIL {name}: {}", why.replace('\n', " "));
            return false;
        }
    }
    true
}

pub fn expect(condition: bool, otherwise: impl FnOnce() -> String) -> Outcome {
    if condition {
        Ok(())
    } else {
        Err(Failed(otherwise()))
    }
}

pub fn same<T: PartialEq + Debug>(wanted: T, found: T, what: &str) -> Outcome {
    expect(wanted == found, || format!("{what} is {found:?}, not {wanted:?}"))
}

/// Calls `step`, which polls and so takes a little time and tells whether the condition holds, until
/// it does.
pub fn until(what: &str, mut step: impl FnMut() -> Outcome<bool>) -> Outcome {
    let end = Instant::now() + PATIENCE;
    while !step()? {
        expect(Instant::now() < end, || format!("after {PATIENCE:?} still not: {what}"))?;
    }
    Ok(())
}
