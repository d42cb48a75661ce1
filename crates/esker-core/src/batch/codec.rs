//! The five compression codecs of a batch, decompression always bounded.

use std::io::{Read, Write};

use bytes::Bytes;

use super::{BatchError, xerial};

/// How a batch's records are compressed. Persisted in the batch's attributes by its number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Compression {
    /// Not at all.
    #[default]
    None = 0,
    /// RFC 1952, several members allowed.
    Gzip = 1,
    /// Snappy blocks in the framing of the Java library; a bare block is read too.
    Snappy = 2,
    /// The LZ4 frame format.
    Lz4 = 3,
    /// Zstandard frames, RFC 8878.
    Zstd = 4,
}

impl Compression {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::None, Self::Gzip, Self::Snappy, Self::Lz4, Self::Zstd];

    /// The codec of this number.
    ///
    /// # Errors
    /// [`BatchError::UnknownCodec`].
    pub const fn from_number(number: u8) -> Result<Self, BatchError> {
        match number {
            0 => Ok(Self::None),
            1 => Ok(Self::Gzip),
            2 => Ok(Self::Snappy),
            3 => Ok(Self::Lz4),
            4 => Ok(Self::Zstd),
            other => Err(BatchError::UnknownCodec(other)),
        }
    }

    /// The number in a batch's attributes.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The name that Kafka's `compression.type` uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }
}

impl std::fmt::Display for Compression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Refers to the codec in an error.
pub(super) fn broken(codec: Compression, detail: &(impl ToString + ?Sized)) -> BatchError {
    BatchError::Codec { codec: codec.as_str(), detail: detail.to_string() }
}

/// Decompresses to at most `limit` bytes. Memory grows with what really comes out, never with what the input claims;
/// past the limit the rest is not decompressed.
///
/// # Errors
/// [`BatchError::DecompressedTooLarge`] past the limit, [`BatchError::Codec`] when the input is broken.
pub fn decompress(codec: Compression, input: &[u8], limit: usize) -> Result<Bytes, BatchError> {
    match codec {
        Compression::None if input.len() > limit => Err(BatchError::DecompressedTooLarge { limit }),
        Compression::None => Ok(Bytes::copy_from_slice(input)),
        Compression::Gzip => drain(codec, flate2::bufread::MultiGzDecoder::new(input), limit),
        Compression::Snappy => xerial::decompress(input, limit),
        Compression::Lz4 => drain(codec, lz4_flex::frame::FrameDecoder::new(input), limit),
        Compression::Zstd => {
            let decoder =
                zstd::stream::read::Decoder::with_buffer(input).map_err(|error| broken(codec, &error))?;
            drain(codec, decoder, limit)
        }
    }
}

/// Reads a decoder to its end, one byte past the limit at most.
fn drain(codec: Compression, decoder: impl Read, limit: usize) -> Result<Bytes, BatchError> {
    let mut out = Vec::new();
    let ceiling = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    decoder.take(ceiling).read_to_end(&mut out).map_err(|error| broken(codec, &error))?;
    if out.len() > limit {
        return Err(BatchError::DecompressedTooLarge { limit });
    }
    Ok(out.into())
}

/// Compresses with the codec's usual level.
///
/// # Errors
/// [`BatchError::Codec`] when the codec's library refuses, which none does for input that fits memory.
pub fn compress(codec: Compression, input: &[u8]) -> Result<Vec<u8>, BatchError> {
    let failed = |error: std::io::Error| broken(codec, &error);
    match codec {
        Compression::None => Ok(input.to_vec()),
        Compression::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(input).map_err(failed)?;
            encoder.finish().map_err(failed)
        }
        Compression::Snappy => xerial::compress(input),
        Compression::Lz4 => {
            // Java's reader takes independent blocks only.
            let info = lz4_flex::frame::FrameInfo::new()
                .block_size(lz4_flex::frame::BlockSize::Max64KB)
                .block_mode(lz4_flex::frame::BlockMode::Independent);
            let mut encoder = lz4_flex::frame::FrameEncoder::with_frame_info(info, Vec::new());
            encoder.write_all(input).map_err(failed)?;
            encoder.finish().map_err(|error| broken(codec, &error))
        }
        Compression::Zstd => zstd::stream::encode_all(input, 0).map_err(failed),
    }
}
