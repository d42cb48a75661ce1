//! The address of a request that waits for its reply.

use std::{fmt, str::FromStr};

use esker_core::BrokerId;

use crate::fault::Fault;

/// How every address of this form begins.
const FORM: &str = "r1";

/// Where a reply goes. As text: the form, the broker, its life and the request's number, in hexadecimal digits, with a dash between
/// them. Nobody but brokers reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// The broker whose request waits.
    pub(crate) broker: BrokerId,
    /// Drawn when that broker's process began: one that is started again does not take the address for its own.
    pub(crate) life: u64,
    /// The request's. Drawn at random, so that nobody can reply who has not seen the request.
    pub(crate) number: u128,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { broker, life, number } = self;
        write!(f, "{FORM}-{:08x}-{life:016x}-{number:032x}", broker.0)
    }
}

/// Exactly so many digits, as they are written.
fn digits(text: &str, count: usize) -> Option<u128> {
    let plain = text.len() == count && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    plain.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

impl FromStr for Address {
    type Err = Fault;

    /// Takes what was written with `Display`, and nothing else.
    fn from_str(text: &str) -> Result<Self, Fault> {
        let parsed = || {
            let (form, rest) = text.split_once('-')?;
            let (broker, rest) = rest.split_once('-')?;
            let (life, number) = rest.split_once('-')?;
            let broker = i32::try_from(digits(broker, 8)?).ok()?;
            let life = u64::try_from(digits(life, 16)?).ok()?;
            let number = digits(number, 32)?;
            (form == FORM).then_some(Self { broker: BrokerId(broker), life, number })
        };
        parsed().ok_or_else(|| {
            let text = "it is no address for replies: take it from the message as it is";
            Fault::invalid("reply_to", text)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOME: Address = Address { broker: BrokerId(10), life: 0xfe, number: 0x1234_5678 << 96 };

    #[test]
    fn addresses_travel_as_text() {
        let text = SOME.to_string();
        assert_eq!(text, "r1-0000000a-00000000000000fe-12345678000000000000000000000000");
        let most = Address { broker: BrokerId(i32::MAX), life: u64::MAX, number: u128::MAX };
        for address in [SOME, most, Address { broker: BrokerId(0), life: 0, number: 0 }] {
            assert_eq!(address.to_string().parse::<Address>().expect("an address"), address);
        }
    }

    #[test]
    fn nothing_else_is_taken_for_one() {
        let good = SOME.to_string();
        let mut bad: Vec<String> =
            ["", "-", "---", "r1---", "r1", "reply.queue", "r1-é-é-é", "\0"].map(str::to_owned).into();
        bad.push(good.to_uppercase());
        bad.push(format!(" {good}"));
        bad.push(format!("{good} "));
        bad.push(format!("{good}-"));
        bad.push(format!("{good}0"));
        bad.push(good.replace("r1", "r2"));
        // A sign is no digit, and brokers' numbers are not negative.
        bad.push(good.replace("-0000000a-", "-+000000a-"));
        bad.push(good.replace("-0000000a-", "-8000000a-"));
        bad.push(good.replace("-0000000a-", "-a-"));
        bad.push("f".repeat(1 << 20));
        for cut in 0..good.len() {
            bad.push(good[..cut].to_owned());
            bad.push(format!("{}g{}", &good[..cut], &good[cut + 1..]));
        }
        for text in bad {
            let fault = text.parse::<Address>().expect_err(&text);
            assert_eq!(fault.reason, "INVALID_REQUEST");
            assert!(fault.message.len() < 100, "it is not repeated");
        }
    }
}
