//! Limits that both sides know.

/// Pixels that a picture may have: 100 megapixels. The host holds to it, before it decodes.
pub const MAX_PICTURE_PIXELS: u64 = 100_000_000;

/// Bytes that an event may have for a function: a picture of 23 MiB in base64, and more than that. Platforms and the
/// runtime have lower limits of their own; Tencent SCF sends 6 MB at most, and larger pictures come out of buckets.
pub const MAX_EVENT_BYTES: usize = 32 << 20;
