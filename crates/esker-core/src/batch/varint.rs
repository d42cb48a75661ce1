//! Zigzag variable-length integers, as records use them.

use bytes::BufMut;

/// Reads an unsigned LEB128 of at most `bits` bits from the front of `input`.
fn read_unsigned(input: &mut &[u8], bits: u32) -> Option<u64> {
    let mut value = 0u64;
    let mut shift = 0;
    while shift < bits {
        let (&byte, rest) = input.split_first()?;
        *input = rest;
        let part = u64::from(byte & 0x7f);
        // The last byte may only carry the bits that are left.
        if bits - shift < 7 && part >> (bits - shift) != 0 {
            return None;
        }
        value |= part << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
        shift += 7;
    }
    None
}

/// A signed 32-bit varint from the front of `input`, which moves past it; `None` when it is cut short or too wide.
pub fn read_varint(input: &mut &[u8]) -> Option<i32> {
    let raw = read_unsigned(input, 32)? as u32;
    Some((raw >> 1).cast_signed() ^ -(raw & 1).cast_signed())
}

/// A signed 64-bit varint from the front of `input`, which moves past it; `None` when it is cut short or too wide.
pub fn read_varlong(input: &mut &[u8]) -> Option<i64> {
    let raw = read_unsigned(input, 64)?;
    Some((raw >> 1).cast_signed() ^ -(raw & 1).cast_signed())
}

fn write_unsigned(out: &mut impl BufMut, mut value: u64) {
    while value >= 0x80 {
        out.put_u8(value as u8 | 0x80);
        value >>= 7;
    }
    out.put_u8(value as u8);
}

/// Appends a signed 32-bit varint.
pub fn write_varint(out: &mut impl BufMut, value: i32) {
    write_unsigned(out, u64::from(((value << 1) ^ (value >> 31)).cast_unsigned()));
}

/// Appends a signed 64-bit varint.
pub fn write_varlong(out: &mut impl BufMut, value: i64) {
    write_unsigned(out, ((value << 1) ^ (value >> 63)).cast_unsigned());
}
