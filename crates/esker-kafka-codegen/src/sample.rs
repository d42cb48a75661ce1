//! Random instances, encoded straight from a descriptor: a second implementation of the format, for tests.

use crate::model::{Descriptor, Field, Struct, Type};

/// A small seeded generator (splitmix64): the same seed gives the same samples everywhere.
#[derive(Debug, Clone)]
pub struct Rng(pub u64);

impl Rng {
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`, which is not zero.
    pub fn below(&mut self, n: usize) -> usize {
        (self.bits() % n as u64) as usize
    }

    /// True once in `n`.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// What samples look like.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Most elements of an array.
    pub elements: usize,
    /// Whether tagged sections also hold fields that no version knows.
    pub unknown_tags: bool,
}

/// The encoding of a random instance of the message, as a conforming writer would produce it: tagged fields only when
/// they differ from their default, in the order of their tags.
pub fn sample(d: &Descriptor, version: i16, rng: &mut Rng, shape: Shape) -> Vec<u8> {
    let mut out = Vec::new();
    Sampler { d, version, flexible: d.flexible.contains(version), rng, shape }.structure(
        &d.structs[0],
        false,
        &mut out,
    );
    out
}

struct Sampler<'a> {
    d: &'a Descriptor,
    version: i16,
    flexible: bool,
    rng: &'a mut Rng,
    shape: Shape,
}

impl Sampler<'_> {
    /// `distinct`: other than the default in at least one field.
    fn structure(&mut self, s: &Struct, distinct: bool, out: &mut Vec<u8>) {
        let (mut distinct, version) = (distinct, self.version);
        for f in s.fields.iter().filter(|f| f.tag.is_none() && f.versions.contains(version)) {
            self.field(f, std::mem::take(&mut distinct), out);
        }
        if self.flexible {
            self.tagged(s, out);
        }
    }

    fn tagged(&mut self, s: &Struct, out: &mut Vec<u8>) {
        let (mut present, version) = (Vec::<(u32, Vec<u8>)>::new(), self.version);
        for f in s.fields.iter().filter(|f| f.versions.contains(version)) {
            if let (Some(tag), true) = (f.tag, self.rng.one_in(2)) {
                let mut value = Vec::new();
                self.field(f, true, &mut value);
                present.push((tag, value));
            }
        }
        if self.shape.unknown_tags && self.rng.one_in(3) {
            let tag = 100 + self.rng.below(100_000) as u32;
            let size = self.rng.below(20);
            present.push((tag, self.noise(size)));
        }
        present.sort_by_key(|(tag, _)| *tag);
        varint(present.len() as u32, out);
        for (tag, value) in present {
            varint(tag, out);
            varint(value.len() as u32, out);
            out.extend(value);
        }
    }

    fn field(&mut self, f: &Field, distinct: bool, out: &mut Vec<u8>) {
        let null = f.nullable.contains(self.version) && self.rng.one_in(4) && !(distinct && f.null_default());
        let is_struct = matches!(f.ty, Type::Struct(_));
        if null {
            match (is_struct, f.tag) {
                (true, None) => out.push(0xff),
                (true, Some(_)) => out.push(0),
                (false, _) => self.length(None, &f.ty, f.classic_string, out),
            }
            return;
        }
        if is_struct && f.nullable.contains(self.version) {
            out.push(1);
        }
        let default = f.default.as_deref().and_then(integer).unwrap_or(0);
        self.value(&f.ty, f.classic_string, distinct.then_some(default), out);
    }

    /// `not`: the value must differ from this number, or from empty for what is no number.
    fn value(&mut self, ty: &Type, classic: bool, not: Option<i64>, out: &mut Vec<u8>) {
        match ty {
            Type::Bool => {
                // Defaults of booleans are not numbers, and `true` is the default of none that is tagged.
                let value = not.is_some() || self.rng.one_in(2);
                out.push(u8::from(value));
            }
            Type::I8 => out.extend((self.integer(8, not) as i8).to_be_bytes()),
            Type::I16 => out.extend((self.integer(16, not) as i16).to_be_bytes()),
            Type::U16 => out.extend((self.integer(16, not) as u16).to_be_bytes()),
            Type::I32 => out.extend((self.integer(32, not) as i32).to_be_bytes()),
            Type::I64 => out.extend(self.integer(64, not).to_be_bytes()),
            Type::F64 => out.extend((self.integer(32, not) as f64 / 8.0).to_be_bytes()),
            Type::Uuid => {
                let noise = self.noise(16);
                out.extend(if not.is_none() && self.rng.one_in(4) { vec![0; 16] } else { noise });
            }
            Type::Str => {
                let text = self.text(usize::from(not.is_some()));
                self.length(Some(text.len()), ty, classic, out);
                out.extend(text.as_bytes());
            }
            Type::Bytes | Type::Records => {
                let size = usize::from(not.is_some()) + self.rng.below(40);
                self.length(Some(size), ty, classic, out);
                out.extend(self.noise(size));
            }
            Type::Struct(name) => {
                let d = self.d;
                let inner = d.find(name).expect("checked when parsed");
                self.structure(inner, not.is_some(), out);
            }
            Type::Array(inner) => {
                let count = usize::from(not.is_some()) + self.rng.below(self.shape.elements + 1);
                self.length(Some(count), ty, classic, out);
                (0..count).for_each(|_| self.value(inner, false, None, out));
            }
        }
    }

    fn length(&mut self, len: Option<usize>, ty: &Type, classic: bool, out: &mut Vec<u8>) {
        if self.flexible && !classic {
            varint(len.map_or(0, |n| n as u32 + 1), out);
        } else if *ty == Type::Str {
            out.extend(len.map_or(-1, |n| n as i16).to_be_bytes());
        } else {
            out.extend(len.map_or(-1, |n| n as i32).to_be_bytes());
        }
    }

    /// Small numbers, the ends of the range, and anything.
    fn integer(&mut self, bits: u32, not: Option<i64>) -> i64 {
        let (min, max) = (i64::MIN >> (64 - bits), i64::MAX >> (64 - bits));
        loop {
            let value = match self.rng.below(6) {
                0 => 0,
                1 => -1,
                2 => *[min, max].get(self.rng.below(2)).unwrap_or(&0),
                3 => self.rng.below(100) as i64,
                _ => (self.rng.bits() as i64) >> (64 - bits),
            };
            if Some(value) != not {
                return value;
            }
        }
    }

    fn text(&mut self, min: usize) -> String {
        let letters = ['a', 'Z', '0', '-', '_', '.', 'é', '漢', '🦀'];
        let usual = min + self.rng.below(8);
        let count = if self.rng.one_in(50) { 200 } else { usual };
        (0..count).map(|_| letters[self.rng.below(letters.len())]).collect()
    }

    fn noise(&mut self, size: usize) -> Vec<u8> {
        (0..size).map(|_| self.rng.bits() as u8).collect()
    }
}

fn integer(text: &str) -> Option<i64> {
    match text.strip_prefix("0x") {
        Some(hex) => i64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

fn varint(mut value: u32, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
