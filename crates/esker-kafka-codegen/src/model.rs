//! What a descriptor says, after parsing and validation.

/// An inclusive range of message versions. Empty when `min > max`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions {
    /// First version.
    pub min: i16,
    /// Last version, `i16::MAX` for "and later".
    pub max: i16,
}

impl Versions {
    /// No version at all.
    pub const NONE: Versions = Versions { min: 0, max: -1 };

    /// Whether `v` lies in the range.
    pub fn contains(&self, v: i16) -> bool {
        self.min <= v && v <= self.max
    }

    /// The versions that lie in both ranges.
    pub fn and(&self, other: Versions) -> Versions {
        Versions { min: self.min.max(other.min), max: self.max.min(other.max) }
    }

    /// Whether no version lies in the range.
    pub fn is_empty(&self) -> bool {
        self.min > self.max
    }

    /// Whether every version of `other` lies in this range.
    pub fn covers(&self, other: Versions) -> bool {
        other.is_empty() || (self.min <= other.min && other.max <= self.max)
    }

    /// Every version in the range; only for ranges with an upper end.
    pub fn iter(&self) -> impl Iterator<Item = i16> + use<> {
        self.min..=self.max
    }
}

impl std::fmt::Display for Versions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.is_empty(), self.max) {
            (true, _) => f.write_str("none"),
            (_, max) if max == self.min => write!(f, "{max}"),
            (_, i16::MAX) => write!(f, "{}+", self.min),
            (_, max) => write!(f, "{}-{max}", self.min),
        }
    }
}

/// What a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Sent by a client.
    Request,
    /// Sent by a broker.
    Response,
    /// In front of a request or response body.
    Header,
    /// A versioned structure inside other bytes.
    Data,
    /// Key of a record in an internal topic.
    CoordinatorKey,
    /// Value of a record in an internal topic.
    CoordinatorValue,
}

/// Type of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// One byte.
    Bool,
    /// Signed 8 bit.
    I8,
    /// Signed 16 bit.
    I16,
    /// Unsigned 16 bit.
    U16,
    /// Signed 32 bit.
    I32,
    /// Signed 64 bit.
    I64,
    /// IEEE double.
    F64,
    /// UTF-8 with a length.
    Str,
    /// Bytes with a length.
    Bytes,
    /// Record batches with a length.
    Records,
    /// 16 bytes.
    Uuid,
    /// A nested structure, by name.
    Struct(String),
    /// A list.
    Array(Box<Type>),
}

impl Type {
    /// Name of the structure that this is, or is a list of.
    pub fn struct_name(&self) -> Option<&str> {
        match self {
            Type::Struct(name) => Some(name),
            Type::Array(inner) => inner.struct_name(),
            _ => None,
        }
    }
}

/// One field.
#[derive(Debug, Clone)]
pub struct Field {
    /// Name as in the descriptor.
    pub name: String,
    /// Type of the value when present.
    pub ty: Type,
    /// Versions that carry the field.
    pub versions: Versions,
    /// Versions in which the value may be null.
    pub nullable: Versions,
    /// Tag, for fields in the tagged section.
    pub tag: Option<u32>,
    /// Dropped, not refused, by versions without it.
    pub ignorable: bool,
    /// The default, if it is not the type's.
    pub default: Option<String>,
    /// Keeps the two-byte length even in flexible versions.
    pub classic_string: bool,
}

impl Field {
    /// Whether some version allows null, so that the Rust type is an `Option`.
    pub fn optional(&self) -> bool {
        !self.nullable.is_empty()
    }

    /// Whether the default is null.
    pub fn null_default(&self) -> bool {
        self.default.as_deref() == Some("null")
    }
}

/// A structure: the message itself, nested or common.
#[derive(Debug, Clone)]
pub struct Struct {
    /// Rust and descriptor name.
    pub name: String,
    /// Where it was declared, for error messages.
    pub path: String,
    /// Versions in which it can occur.
    pub versions: Versions,
    /// Fields in wire order.
    pub fields: Vec<Field>,
}

/// One message.
#[derive(Debug, Clone)]
pub struct Descriptor {
    /// Message name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// API key, or record type for coordinator records.
    pub api_key: Option<i16>,
    /// Versions that exist.
    pub valid: Versions,
    /// Versions with compact lengths and tagged fields.
    pub flexible: Versions,
    /// Whether the last version is not for use yet.
    pub latest_unstable: bool,
    /// The message first, then the structures it uses.
    pub structs: Vec<Struct>,
}

impl Descriptor {
    /// The structure of that name.
    pub fn find(&self, name: &str) -> Option<&Struct> {
        self.structs.iter().find(|s| s.name == name)
    }

    /// Smallest encoded size of a value in one version.
    pub fn min_size(&self, ty: &Type, nullable: bool, version: i16) -> usize {
        let flexible = self.flexible.contains(version);
        match ty {
            Type::Bool | Type::I8 => 1,
            Type::I16 | Type::U16 => 2,
            Type::I32 => 4,
            Type::I64 | Type::F64 => 8,
            Type::Uuid => 16,
            Type::Str => {
                if flexible {
                    1
                } else {
                    2
                }
            }
            Type::Bytes | Type::Records | Type::Array(_) => {
                if flexible {
                    1
                } else {
                    4
                }
            }
            Type::Struct(_) if nullable => 1,
            Type::Struct(name) => self.find(name).map_or(0, |s| self.min_struct_size(s, version)),
        }
    }

    /// Smallest encoded size of a structure in one version.
    pub fn min_struct_size(&self, s: &Struct, version: i16) -> usize {
        let fields = s.fields.iter().filter(|f| f.tag.is_none() && f.versions.contains(version));
        let sum: usize = fields.map(|f| self.min_size(&f.ty, f.nullable.contains(version), version)).sum();
        sum + usize::from(self.flexible.contains(version))
    }
}
